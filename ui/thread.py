"""The conversation as HTML: questions, what was done, answers, and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.alignment import align
from rag.domain import Answer, Passage
from ui import icons
from ui.conversation import Conversation, Turn, TurnState
from ui.render import excerpt, render_answer, render_partial, shorten

SNIPPET_CHARACTERS = 150
REWRITTEN_CHARACTERS = 200
SMALLEST_COST = 0.0001  # dollars; what is less is only said to be less
WAITING = '<p class="waiting" aria-label="Working">Reading<i></i><i></i><i></i></p>'
STOPPED = '<p class="note">Stopped. What came before it stands, without checked citations.</p>'


def render_thread(conversation: Conversation, examples: Sequence[str]) -> list[str]:
    """The HTML of every turn; of an empty conversation, an invitation with example questions."""
    if not conversation.turns:
        return [_render_invitation(examples)]
    return [_render_turn(turn, turn is conversation.last) for turn in conversation.turns]


def place(passage: Passage) -> str:
    """A passage's document and page, in the page's words and as plain text."""
    title = passage.document.title or passage.document.name
    return f"{title}, p. {passage.label or passage.page}" if passage.document.paginated else title


def _render_invitation(examples: Sequence[str]) -> str:
    buttons = "".join(
        f'<button type="button" class="example" data-event="example" '
        f'data-question="{escape(example)}">{escape(example)}</button>'
        for example in examples
    )
    lead = "Answers come from them alone, and every citation opens on the exact words."
    tried = f'<p class="h">Try one of these</p><div class="examples">{buttons}</div>'
    return (
        f'<section class="invitation">{icons.WIND}<h1>Ask your documents</h1><p>{lead}</p>'
        f"{tried if examples else ''}</section>"
    )


def _render_turn(turn: Turn, is_last: bool) -> str:
    parts = [f'<div class="q"><p>{escape(turn.question)}</p></div>']
    if turn.rewritten and turn.rewritten != turn.question:
        whole = escape(" ".join(turn.rewritten.split()))
        short = escape(shorten(turn.rewritten, REWRITTEN_CHARACTERS))
        parts.append(f'<p class="as" title="{whole}">searched as “{short}”</p>')
    parts.append(_render_steps(turn))
    parts.append(_render_body(turn))
    if turn.state is TurnState.STOPPED:
        parts.append(STOPPED)
    if turn.state is TurnState.FAILED:
        parts.append(f'<p class="error" role="alert">{escape(turn.error)}</p>')
    if turn.state is not TurnState.RUNNING:
        parts.append(_render_meta(turn, is_last))
    refused = " refused" if turn.answer and turn.answer.refused else ""
    return (
        f'<article class="turn {turn.state}{refused}" data-turn="{turn.number}" '
        f'aria-busy="{str(turn.state is TurnState.RUNNING).lower()}">{"".join(parts)}</article>'
    )


def _render_steps(turn: Turn) -> str:
    steps = []
    if turn.passages:
        found = f"{_count(turn.passages, 'passage')} in {_count(turn.documents, 'document')}"
        steps.append(f'<span class="step">{icons.SEARCH}{found}</span>')
    steps += [f'<span class="step">{icons.TOOL}{escape(name)}</span>' for name in turn.tools]
    return f'<div class="steps">{"".join(steps)}</div>'


def _render_body(turn: Turn) -> str:
    if turn.answer is not None:
        return _render_answer(turn.answer, turn.number)
    if turn.text:
        return f'<div class="a">{render_partial(turn.text)}</div>'
    return WAITING if turn.state is TurnState.RUNNING else ""


def _render_answer(answer: Answer, number: int) -> str:
    parts = [f'<div class="a">{render_answer(answer.text, answer.citations, number)}</div>']
    if not answer.complete:
        parts.append('<p class="note">The model stopped at its length limit.</p>')
    if answer.refused and answer.nearest:
        items = "".join(
            _render_nearest(passage, answer.question, number, index)
            for index, passage in enumerate(answer.nearest)
        )
        parts.append(f'<div class="nearest"><p class="h">The nearest pages</p>{items}</div>')
    if answer.notice:
        parts.append(f'<p class="notice">{escape(answer.notice)}</p>')
    return "".join(parts)


def _render_nearest(passage: Passage, question: str, number: int, index: int) -> str:
    near = passage.text[align(question, passage.text).span.start :]
    return (
        f'<button type="button" class="near" data-event="nearest" data-turn="{number}" '
        f'data-index="{index}"><b>{escape(place(passage))}</b>'
        f"<span>{escape(excerpt(near, SNIPPET_CHARACTERS))}</span></button>"
    )


def _render_meta(turn: Turn, is_last: bool) -> str:
    parts = []
    if turn.text:
        parts.append(
            f'<button type="button" class="act" data-copy="{escape(turn.text)}">'
            f"{icons.COPY}<span>Copy</span></button>"
        )
    if is_last:
        parts.append(
            '<button type="button" class="act" data-event="again">'
            f"{icons.AGAIN}<span>Ask again</span></button>"
        )
    parts.append('<span class="grow"></span>')
    if turn.answer is not None:
        parts.append(f'<span class="facts">{escape(_facts(turn.answer))}</span>')
    return f'<div class="meta">{"".join(parts)}</div>'


def _facts(answer: Answer) -> str:
    facts = [answer.model]
    if answer.usage is not None:
        facts.append(f"{answer.usage.input_tokens + answer.usage.output_tokens:,} tokens")
    if answer.cost is not None:
        facts.append(_price(answer.cost))
    facts.append(f"{max(answer.seconds, 0.1):.1f} s")
    return " · ".join(facts)


def _price(dollars: float) -> str:
    return f"< ${SMALLEST_COST}" if 0 < dollars < SMALLEST_COST else f"${dollars:.4f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
