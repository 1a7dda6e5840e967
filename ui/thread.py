"""The conversation as HTML: questions, what was done, answers, and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape

from rag.assistant import ALONE
from rag.domain import Answer
from rag.offers import offer_of
from ui import icons
from ui.chat import LIBRARY_GONE, LIBRARY_IS_GONE, LIBRARY_OFFER
from ui.checking import (
    marked_parts,
    render_badge,
    render_cards,
    render_checks,
    render_contrary,
)
from ui.conversation import Conversation, Reach, Turn, TurnState
from ui.evidence import against_bar, percent
from ui.feedback import render_judging, render_opinions
from ui.passages import DRAWN_AGAIN, count, render_nearest, render_passages
from ui.references import references
from ui.render import render_answer, render_partial, shorten

QUESTION_CHARACTERS = 200
NAMES_SHOWN = 3
NAME_CHARACTERS = 60
QUOTATION_MARKS = '"“”„«»'
SMALLEST_COST = 0.0001  # dollars; what is less is only said to be less
WAITING = '<p class="waiting" aria-label="Working">Reading<i></i><i></i><i></i></p>'
STOPPED = '<p class="note">Stopped. What came before it stands, without checked citations.</p>'
INCOMPLETE = "The answer is not complete."
UNFINISHED = "[This answer is not finished.]"  # below what is copied of one
STILL_READ = "{} still being read when this was asked. Ask again when {} in."
STILL_NOTHING = '<p class="notice">Asked all the same: the answer is not in these passages.</p>'


def render_thread(conversation: Conversation) -> list[str]:
    """The HTML of every turn."""
    idle = not conversation.is_running
    last = conversation.last
    return [
        _render_turn(turn, turn is last, idle)
        if turn.state is TurnState.RUNNING
        else _render_ended(turn, turn is last, idle)
        for turn in conversation.turns
    ]


# A thread is drawn again with every piece of an answer: the turns before it are rendered once.
@lru_cache(maxsize=DRAWN_AGAIN)
def _render_ended(turn: Turn, is_last: bool, idle: bool) -> str:
    return _render_turn(turn, is_last, idle)


def render_invitation(examples: Sequence[str]) -> str:
    """What the page says before anything was asked, with questions to try."""
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


def _render_turn(turn: Turn, is_last: bool, idle: bool) -> str:
    parts = [
        f'<div class="q"><p>{escape(turn.question)}</p></div>',
        _render_search(turn, is_last),
        _render_steps(turn),
        _render_body(turn, idle),
    ]
    if turn.rests and turn.state is TurnState.RUNNING:
        parts.append(f'<p class="note" role="status">{escape(turn.rests)}</p>')
    if turn.state is TurnState.STOPPED:
        parts.append(STOPPED)
    if turn.state is TurnState.HELD:
        parts.append(f'<p class="held" role="status">{_render_error(turn.error)}</p>')
    if turn.state is TurnState.FAILED:
        parts.append(f'<p class="error" role="alert">{_render_error(turn.error)}</p>')
    if turn.state is not TurnState.RUNNING:
        parts.append(_render_meta(turn, is_last))
    refused = " refused" if turn.answer and turn.answer.refused else ""
    marked = "" if turn.mark is None else " marked located" if turn.mark.is_complete else " marked"
    alone = " alone" if is_alone(turn) else ""
    return (
        f'<article class="turn {turn.state}{refused}{marked}{alone}" data-turn="{turn.number}" '
        f'aria-busy="{str(turn.state is TurnState.RUNNING).lower()}">{"".join(parts)}</article>'
    )


def is_alone(turn: Turn) -> bool:
    """Whether what is written is not from the documents."""
    return not (turn.manner.documents if turn.answer is None else turn.answer.grounded)


def _render_error(error: str) -> str:
    """Why there is no answer; what is offered with it is hidden once it is not to be had."""
    if error != LIBRARY_GONE:
        return escape(error)
    return f'{escape(LIBRARY_IS_GONE)}<span class="remake-offer"> {escape(LIBRARY_OFFER)}</span>'


def _render_search(turn: Turn, is_last: bool) -> str:
    """Below a question: the documents it was limited to, and how it was really searched."""
    lines = []
    if turn.reach is not None and turn.reach.is_limited:
        lines.append(f'<p class="limit">{escape(_limit(turn.reach))}</p>')
    if turn.rewritten or turn.parts or turn.also:
        lines.append(_render_rewritten(turn, is_last))
    elif not turn.manner.rewrite:
        lines.append("<p>Searched as typed</p>")
    return f'<div class="as">{"".join(lines)}</div>' if lines else ""


def _limit(reach: Reach) -> str:
    limit = f"in {reach.documents:,} of {count(reach.library, 'document')}"
    if len(reach.names) > NAMES_SHOWN:
        return limit
    return f"{limit}: {', '.join(shorten(name, NAME_CHARACTERS) for name in reach.names)}"


def _render_rewritten(turn: Turn, is_last: bool) -> str:
    # It keeps its room where it cannot be used, so that nothing moves when it can.
    usable = "" if is_last and turn.state is not TurnState.RUNNING else " disabled"
    control = (
        '<button type="button" class="typed" data-event="typed" '
        f'title="Ask again, and search your own words"{usable}>search as typed</button>'
    )
    parts = "".join(f"<li>{_short(part)}</li>" for part in turn.parts)
    also = f"Also searched for: {escape('; '.join(turn.also))}" if turn.also else ""
    if turn.rewritten not in ("", turn.question):
        said = f"Searched: {_short(turn.rewritten)}"
    elif turn.parts:
        said = f"Searched as {count(len(turn.parts), 'question')}:"
    else:
        return f"<p>{also} {control}</p>"
    listed = f"<ol>{parts}</ol>" if parts else ""
    return f"<p>{said} {control}</p>{listed}{f'<p>{also}</p>' if also else ''}"


def _short(question: str) -> str:
    """A question on one short line, whole when it is pointed at."""
    whole = " ".join(question.split())
    short = shorten(question, QUESTION_CHARACTERS)
    title = f' title="{escape(whole)}"' if short != whole else ""
    return f"<q{title}>{escape(short)}</q>"


def _in_marks(question: str) -> str:
    """A question in quotation marks; one that has marks of its own is left with these."""
    own = any(mark in question for mark in QUOTATION_MARKS)
    return _short(question) if own else f"“{_short(question)}”"


def _render_steps(turn: Turn) -> str:
    steps = []
    if turn.reach is not None:
        steps.append(f'<span class="step">{icons.SEARCH}Searched {_extent(turn.reach)}</span>')
    steps += [f'<span class="step">{icons.TOOL}{escape(name)}</span>' for name in turn.tools]
    if turn.manner.bar is not None and not (turn.answer and turn.answer.refused):
        steps.append(f'<span class="step thin">{_thin(turn)}</span>')
    return f'<div class="steps">{"".join(steps)}</div>'


def _thin(turn: Turn) -> str:
    """What is told of a question that was asked with a lower bar."""
    if turn.answer is None:
        return "Answering however thin the evidence is"
    if turn.answer.evidence is None or turn.needed is None:
        return "Answered however thin the evidence is"
    evidence = f"evidence {percent(turn.answer.evidence)}"
    if turn.is_thin:
        return f"Answered below the bar: {evidence}, {percent(turn.needed)} is usually needed"
    return f"Answered all the same: {evidence}"


def _extent(reach: Reach) -> str:
    """How much was searched: “1,590 pages and 3 texts of 16 documents”."""
    if not reach.pages:
        return count(reach.texts, "text") if reach.texts else count(reach.documents, "document")
    texts = f" and {count(reach.texts, 'text')}" if reach.texts else ""
    return f"{count(reach.pages, 'page')}{texts} of {count(reach.documents, 'document')}"


def _render_body(turn: Turn, idle: bool) -> str:
    label = f'<p class="alone">{icons.DOUBT}<span>{escape(_alone(turn))}</span></p>'
    label = label if is_alone(turn) else ""
    if turn.answer is not None:
        return label + _render_answer(turn, turn.answer, idle)
    if turn.text:
        return f'{label}<div class="a">{render_partial(turn.text)}</div>'
    waiting = WAITING if turn.manner.documents else WAITING.replace("Reading", "Writing")
    return label + waiting if turn.state is TurnState.RUNNING else ""


def _alone(turn: Turn) -> str:
    model = "the model" if turn.card is None else turn.card.name
    return ALONE.format(model=model if turn.answer is None else turn.answer.model)


def _render_answer(turn: Turn, answer: Answer, idle: bool) -> str:
    parts = [_render_text(turn, answer), render_contrary(turn, answer)]
    said = answer.notice.replace(_alone(turn), "").strip()  # which stands above the answer
    notice = f'<p class="notice">{escape(said)}</p>' if said else ""
    if not answer.complete:
        notice = f'<p class="held" role="status">{escape(said or INCOMPLETE)}</p>'
    if answer.refused:
        parts += [_render_still_read(turn), _render_refusal(turn, answer, notice, idle)]
    else:
        parts.append(notice)
    parts += [render_passages(turn, answer), render_cards(turn, answer)]
    return "".join(parts)


def _render_text(turn: Turn, answer: Answer) -> str:
    parts = marked_parts(turn, answer)
    found = references(answer, turn.apart)
    return f'<div class="a">{render_answer(answer.text, found, turn.number, parts)}</div>'


def _render_still_read(turn: Turn) -> str:
    """That a refused question was not searched in every file, because some were being read."""
    if not turn.still_read:
        return ""
    was, it_is = ("was", "it is") if turn.still_read == 1 else ("were", "they are")
    said = STILL_READ.format(f"{count(turn.still_read, 'file')} {was}", it_is)
    return f'<p class="notice unsearched">{said}</p>'


def _render_refusal(turn: Turn, answer: Answer, notice: str, idle: bool) -> str:
    """What was searched for in vain, what comes nearest, and the ways to an answer all the same."""
    if not answer.nearest:
        return notice + _render_ways(turn, idle)
    evidence = ""
    if answer.evidence is not None:
        evidence = f" · evidence of an answer {escape(against_bar(answer, turn.needed))}"
    parts = [
        f'<p class="notice">Searched for {_in_marks(answer.question)}{evidence}</p>',
        notice,
        render_nearest(turn, answer.nearest),
    ]
    if turn.manner.bar is not None:
        parts.append(STILL_NOTHING)
    return "".join([*parts, _render_ways(turn, idle)])


def _render_ways(turn: Turn, idle: bool) -> str:
    """How a refused question can be asked again."""
    ways = []
    if turn.answer and turn.answer.nearest and turn.manner.bar is None:
        ways.append(("anyway", "Answer all the same", "from these passages, however thin"))
    if turn.instructable:
        ways.append(("alone", "Ask without documents", "what the model says by itself"))
    buttons = "".join(
        f'<span><button type="button" class="do" data-event="{event}" data-turn="{turn.number}"'
        f"{'' if idle else ' disabled'}>{words}</button><small>{how}</small></span>"
        for event, words, how in ways
    )
    return f'<div class="anyway">{buttons}</div>' if ways else ""


def _render_meta(turn: Turn, is_last: bool) -> str:
    parts = []
    if turn.text:
        is_whole = turn.answer is not None and turn.answer.complete
        copied = turn.text if is_whole else f"{turn.text.rstrip()}\n\n{UNFINISHED}"
        parts.append(
            f'<button type="button" class="act" data-copy="{escape(copied)}">'
            f"{icons.COPY}<span>Copy</span></button>"
        )
    if is_last:
        parts.append(
            '<button type="button" class="act" data-event="again">'
            f"{icons.AGAIN}<span>Ask again</span></button>"
        )
    below = render_judging(turn)
    parts.append(render_opinions(turn))
    if turn.answer is not None:
        parts.insert(0, render_badge(turn, turn.answer))
        below += render_checks(turn, turn.answer)
        parts.append(f'<span class="facts">{escape(_facts(turn, turn.answer))}</span>')
    return f'<div class="meta">{"".join(parts)}</div>{below}'


def _facts(turn: Turn, answer: Answer) -> str:
    """Who answered, where it runs, and what that took."""
    facts = [answer.model]
    if turn.card is not None and turn.card.place not in answer.model:
        facts.append(turn.card.place)
    if answer.usage is not None:
        facts.append(f"{answer.usage.input_tokens + answer.usage.output_tokens:,} tokens")
    if answer.cost is not None:
        facts.append(told_price(answer.cost))
    elif turn.card is not None:
        facts.append("free" if offer_of(turn.card).is_free else "price not known")
    if turn.spent_today > 0:
        facts.append(f"{told_price(turn.spent_today)} today")
    facts.append(f"{max(answer.seconds, 0.1):.1f} s")
    return " · ".join(facts)


def told_price(dollars: float) -> str:
    """A sum in dollars, to a hundredth of a cent."""
    return f"< ${SMALLEST_COST}" if 0 < dollars < SMALLEST_COST else f"${dollars:.4f}"
