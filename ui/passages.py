"""The passages behind an answer as HTML: where each stands, and why it came."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape

from rag.alignment import align
from rag.domain import Answer, Passage, Reasons
from ui import icons
from ui.render import excerpt

SNIPPET_CHARACTERS = 150
LINE_CHARACTERS = 160
DRAWN_AGAIN = 512
SMALLEST_WIDTH = 2.0  # percent of a bar that can still be seen
LEGEND = (
    '<p class="legend">Why each came: <i class="words"></i>its words <i class="meaning"></i>'
    'its meaning <i class="title"></i>its title</p>'
)


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def place(passage: Passage) -> str:
    """A passage's document and page, in the page's words and as plain text."""
    title, page = _place(passage)
    return f"{title}, {page}" if page else title


def render_passages(answer: Answer, turn: int) -> str:
    """The fold with every passage that was found; nothing where there are none.

    It is closed: the page itself opens it, and keeps it open while the thread is drawn again.
    """
    passages = answer.passages
    if not passages:
        return ""
    documents = len({passage.document.id for passage in passages})
    head = f"{count(len(passages), 'passage')} from {count(documents, 'document')}"
    cited = {citation.number for citation in answer.citations}
    best = max((_total(passage.reasons) for passage in passages), default=0.0)
    rows = "".join(
        _render_row(passage, (turn, index), best, is_cited=index + 1 in cited)
        for index, passage in enumerate(passages)
    )
    fold = f"passages-{turn}"
    return (
        f'<div class="found"><button type="button" class="unfold" data-unfolds="{fold}" '
        f'aria-expanded="false" aria-controls="{fold}">{icons.UNFOLD}<span>{head}</span></button>'
        f'<div id="{fold}" data-fold="{fold}" hidden>{LEGEND if best else ""}'
        f"<ol>{rows}</ol></div></div>"
    )


def render_nearest(passages: Sequence[Passage], question: str, turn: int) -> str:
    """The pages nearest to a question that they do not answer."""
    items = "".join(
        _render_near(passage, question, turn, index) for index, passage in enumerate(passages)
    )
    return f'<div class="nearest"><p class="h">The nearest pages</p>{items}</div>'


def _render_near(passage: Passage, question: str, turn: int, index: int) -> str:
    return (
        f'<button type="button" class="near" data-event="nearest" data-turn="{turn}" '
        f'data-index="{index}" data-opens="nearest-{turn}-{index}">'
        f"<b>{escape(place(passage))}</b>"
        f"<span>{escape(_nearest_words(question, passage.text))}</span></button>"
    )


# A thread is drawn again with every piece of an answer: what is slow about it is done once.
@lru_cache(maxsize=DRAWN_AGAIN)
def _nearest_words(question: str, text: str) -> str:
    return excerpt(text[align(question, text).span.start :], SNIPPET_CHARACTERS)


@lru_cache(maxsize=DRAWN_AGAIN)
def _first_words(text: str) -> str:
    return excerpt(text, LINE_CHARACTERS)


def _render_row(passage: Passage, at: tuple[int, int], best: float, *, is_cited: bool) -> str:
    turn, index = at
    title, page = _place(passage)
    quoted = '<small class="sr">, quoted</small>' if is_cited else ""
    return (
        f'<li><button type="button" class="psg" data-event="passage" data-turn="{turn}" '
        f'data-index="{index}" data-opens="passage-{turn}-{index}">'
        f'<span class="no{" cited" * is_cited}">{index + 1}{quoted}</span>'
        f'<span class="at"><b>{escape(title)}</b><span>{escape(page)}</span></span>'
        f"{_render_reasons(passage.reasons, best)}"
        f'<span class="says">{escape(_first_words(passage.text))}</span>'
        "</button></li>"
    )


def _render_reasons(reasons: Reasons | None, best: float) -> str:
    """What each kind of search gave, as a bar as long as the score and in percent of it."""
    total = _total(reasons)
    if reasons is None or total <= 0:
        return ""
    given = (("words", reasons.words), ("meaning", reasons.meaning), ("title", reasons.title))
    shares = [(name, 100 * value / total) for name, value in given if value > 0]
    parts = "".join(
        f'<i class="{name}" style="flex-grow:{share:.1f}"></i>' for name, share in shares
    )
    words = " · ".join(f"{name} {share:.0f}%" for name, share in shares)
    width = max(SMALLEST_WIDTH, 100 * total / best)
    return (
        f'<span class="why"><span class="share" aria-hidden="true">'
        f'<span style="width:{width:.1f}%">{parts}</span></span>{words}</span>'
    )


def _total(reasons: Reasons | None) -> float:
    return 0.0 if reasons is None else reasons.words + reasons.meaning + reasons.title


def _place(passage: Passage) -> tuple[str, str]:
    title = passage.document.title or passage.document.name
    paginated = passage.document.paginated
    return title, f"p. {passage.label or passage.page}" if paginated else ""
