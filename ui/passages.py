"""The passages behind an answer as HTML: where each stands, and why it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape

from rag.domain import Answer, Citation, Passage, Reasons, Span
from ui import icons
from ui.conversation import Turn
from ui.namesakes import NO_SIGNS, Signs, render_sign, with_sign
from ui.pages import page_words
from ui.render import excerpt
from ui.telling import citation_of

SNIPPET_CHARACTERS = 150
LINE_CHARACTERS = 160
DRAWN_AGAIN = 512
SMALLEST_WIDTH = 2.0  # percent of a bar that can still be seen
NOTHING = Reasons()
KINDS = ("words", "meaning", "title")
TITLES_ALIKE = "<span>(the title counts alike for all)</span>"


@dataclass(frozen=True, slots=True)
class _Scale:
    """What bars are drawn against: the best score, and what the title gives to every passage.

    What all have in common sets none apart and would dwarf the rest, so no bar shows it.
    """

    best: float
    title: float

    def own(self, reasons: Reasons | None) -> Reasons:
        """What sets a passage apart."""
        reasons = reasons or NOTHING
        return replace(reasons, title=reasons.title - self.title)


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def place(passage: Passage, apart: Signs = NO_SIGNS) -> str:
    """A passage's document and page, in the page's words and as plain text."""
    title, page = _place(passage)
    title = with_sign(title, passage.document, apart)
    return f"{title}, {page}" if page else title


def render_passages(turn: Turn, answer: Answer) -> str:
    """The fold with every passage that was found; nothing where there are none.

    It is closed: the page itself opens it, and keeps it open while the thread is drawn again.
    """
    passages = answer.passages
    if not passages:
        return ""
    documents = len({passage.document.id for passage in passages})
    head = f"{count(len(passages), 'passage')} from {count(documents, 'document')}"
    scale = _scale(passages)
    legend = _render_legend(passages, scale) if scale.best else ""
    rows = "".join(_render_row(turn, answer, index, scale) for index in range(len(passages)))
    fold = f"passages-{turn.number}"
    return (
        f'<div class="found"><button type="button" class="unfold" data-unfolds="{fold}" '
        f'aria-expanded="false" aria-controls="{fold}">{icons.UNFOLD}<span>{head}</span></button>'
        f'<div id="{fold}" data-fold="{fold}" hidden>{legend}<ol>{rows}</ol></div></div>'
    )


def render_nearest(turn: Turn, passages: Sequence[Passage]) -> str:
    """The pages nearest to a question that they do not answer."""
    items = "".join(_render_near(turn, passage, index) for index, passage in enumerate(passages))
    return f'<div class="nearest"><p class="h">The nearest pages</p>{items}</div>'


def _render_near(turn: Turn, passage: Passage, index: int) -> str:
    says = _preview(passage, turn.telling_part(passage), SNIPPET_CHARACTERS)
    return (
        f'<button type="button" class="near" data-event="nearest" data-turn="{turn.number}" '
        f'data-index="{index}" data-opens="nearest-{turn.number}-{index}">'
        f"<b>{escape(place(passage, turn.apart))}</b><span>{escape(says)}</span></button>"
    )


# A thread is drawn again with every piece of an answer: what is slow about it is done once.
@lru_cache(maxsize=DRAWN_AGAIN)
def _preview(passage: Passage, part: Span | None, characters: int) -> str:
    """The words of a passage, from its telling part on."""
    begin = 0 if part is None else part.start - passage.start
    return excerpt(passage.text[begin:], characters)


def _scale(passages: Sequence[Passage]) -> _Scale:
    every = [passage.reasons or NOTHING for passage in passages]
    titles = {reasons.title for reasons in every}
    tells = any(reasons.words or reasons.meaning for reasons in every)
    alike = titles.pop() if len(every) > 1 and len(titles) == 1 and tells else 0.0
    return _Scale(max(map(_total, every)) - alike, alike)


def _cited_as(passage: Passage, citations: Sequence[Citation]) -> int | None:
    """The number under which a passage is cited; None for one that is not."""
    citation = citation_of(passage, citations)
    return None if citation is None else citation.number


def _render_row(turn: Turn, answer: Answer, index: int, scale: _Scale) -> str:
    passage = answer.passages[index]
    title, page = _place(passage)
    called = f"{escape(title)}{render_sign(passage.document, turn.apart)}"
    cited_as = _cited_as(passage, answer.citations)
    cited, number = ("", "·") if cited_as is None else (" cited", cited_as)
    quoted = "" if cited_as is None else '<small class="sr">, quoted</small>'
    says = _preview(passage, turn.telling_part(passage), LINE_CHARACTERS)
    return (
        f'<li><button type="button" class="psg" data-event="passage" data-turn="{turn.number}" '
        f'data-index="{index}" data-opens="passage-{turn.number}-{index}">'
        f'<span class="no{cited}">{number}{quoted}</span>'
        f'<span class="at"><b>{called}</b><span>{escape(page)}</span></span>'
        f"{_render_reasons(scale.own(passage.reasons), scale.best)}"
        f'<span class="says">{escape(says)}</span></button></li>'
    )


def _render_legend(passages: Sequence[Passage], scale: _Scale) -> str:
    """What the parts of the bars are: only those that a bar has."""
    given = {name for passage in passages for name, _ in _shares(scale.own(passage.reasons))}
    kinds = [f'<span><i class="{name}"></i>its {name}</span>' for name in KINDS if name in given]
    alike = [TITLES_ALIKE] * bool(scale.title)
    return f'<p class="legend">Why each came: {" ".join([*kinds, *alike])}</p>'


def _shares(reasons: Reasons) -> list[tuple[str, float]]:
    """What each kind of search gave, in percent of all; those that gave nothing are left out."""
    total = _total(reasons)
    given = zip(KINDS, (reasons.words, reasons.meaning, reasons.title), strict=True)
    return [(name, 100 * value / total) for name, value in given if value > 0]


def _render_reasons(reasons: Reasons, best: float) -> str:
    """What each kind of search gave, as a bar as long as the score and in percent of it."""
    total = _total(reasons)
    if total <= 0:
        return ""
    shares = _shares(reasons)
    parts = "".join(
        f'<i class="{name}" style="flex-grow:{share:.1f}"></i>' for name, share in shares
    )
    words = " · ".join(f"{name} {share:.0f}%" for name, share in shares)
    width = max(SMALLEST_WIDTH, 100 * total / best)
    return (
        f'<span class="why"><span class="share" aria-hidden="true">'
        f'<span style="width:{width:.1f}%">{parts}</span></span>{words}</span>'
    )


def _total(reasons: Reasons) -> float:
    return reasons.words + reasons.meaning + reasons.title


def _place(passage: Passage) -> tuple[str, str]:
    title = passage.document.title or passage.document.name
    paginated = passage.document.paginated
    return title, page_words(passage.page, passage.label) if paginated else ""
