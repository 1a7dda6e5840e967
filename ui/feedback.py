"""What people think of an answer, as HTML: the ways to say so, and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from rag.domain import Answer
from rag.marks import Opinion
from ui import icons
from ui.conversation import Mark, Turn

MAX_REASON_CHARACTERS = 500
MARKED = {
    Opinion.WRONG: "Marked: it is now a question of the evaluation set.",
    Opinion.UNANSWERABLE: (
        "Marked: it is now a question of the evaluation set that should be refused."
    ),
    Opinion.RIGHT: "Marked as good: it is now a question of the evaluation set.",
}
WHICH_PAGE = "Which page has the answer? Open it in the source, then say so here."


@dataclass(frozen=True, slots=True)
class Fault:
    """What can be wrong with an answer; `is_said` where its words are stored as the reason."""

    kind: str
    words: str
    opinion: Opinion = Opinion.WRONG
    is_said: bool = False


WRONG = Fault("wrong", "Wrong")
OTHER = Fault("other", "Other")
OF_ANSWERS = (
    WRONG,
    Fault("unsaid", "Source does not say this", is_said=True),
    Fault("incomplete", "Incomplete", is_said=True),
    Fault("unanswerable", "Should have refused", Opinion.UNANSWERABLE),
    OTHER,
)
OF_REFUSALS = (Fault("said", "The documents do say it", is_said=True), OTHER)


def faults_of(answer: Answer) -> tuple[Fault, ...]:
    """What can be wrong with that answer, the usual fault first."""
    return OF_REFUSALS if answer.refused else OF_ANSWERS


def judged(answer: Answer, kind: str, reason: str) -> tuple[Opinion, str]:
    """The opinion and the reason that are stored for a kind of fault and what was typed."""
    fault = next((each for each in faults_of(answer) if each.kind == kind), OTHER)
    said = fault.words if fault.is_said else ""
    typed = reason.strip()[:MAX_REASON_CHARACTERS]
    return fault.opinion, ": ".join(filter(None, [said, typed]))


def render_opinions(turn: Turn) -> str:
    """The thumbs of an answer that nobody has judged yet."""
    if turn.answer is None or turn.mark is not None:
        return ""
    fold = f"wrong-{turn.number}"
    return (
        f'<span class="thumbs"><button type="button" class="act" data-event="good" '
        f'data-turn="{turn.number}" aria-label="Good" title="Good">{icons.GOOD}</button>'
        f'<button type="button" class="act wrong" data-unfolds="{fold}" aria-expanded="false" '
        f'aria-controls="{fold}" aria-label="Wrong?" title="Wrong?">{icons.BAD}</button></span>'
    )


def render_judging(turn: Turn) -> str:
    """Below an answer: the form for what is wrong with it, or what was said of it."""
    if turn.mark is not None:
        return _render_mark(turn.mark, turn.number)
    return "" if turn.answer is None else _render_form(turn.number, turn.answer)


def _render_form(number: int, answer: Answer) -> str:
    fold = f"wrong-{number}"
    choices = "".join(
        f'<label class="fault"><input type="radio" name="kind" value="{fault.kind}"'
        f"{' checked' * (at == 0)}><span>{fault.words}</span></label>"
        for at, fault in enumerate(faults_of(answer))
    )
    return (
        f'<form class="mark" id="{fold}" data-fold="{fold}" data-event="mark" '
        f'data-turn="{number}" hidden><fieldset><legend>What is wrong with it?</legend>{choices}'
        f'</fieldset><input name="reason" maxlength="{MAX_REASON_CHARACTERS}" '
        'aria-label="In your words" autocomplete="off" placeholder="In your words, if you like">'
        '<button type="submit" class="do">Mark as wrong</button>'
        f'<button type="button" class="act" data-unfolds="{fold}">Cancel</button></form>'
    )


def _render_mark(mark: Mark, number: int) -> str:
    """That an answer is marked, the way back, and the right page or the way to name it."""
    said = MARKED[mark.opinion]
    undo = (
        '<button type="button" class="typed" data-event="unmark" '
        f'data-turn="{number}">Undo</button>'
    )
    if mark.is_complete:
        right = f" The right page: {escape(mark.place)}." if mark.place else ""
        return f'<p class="marked"><span>{said}{right}</span> {undo}</p>'
    fold = f"right-{number}"
    return (
        f'<p class="marked"><span>{said}</span> {undo} <button type="button" class="typed" '
        f'data-unfolds="{fold}" aria-expanded="false" aria-controls="{fold}">'
        "Name the right page</button></p>"
        f'<div class="mark" id="{fold}" data-fold="{fold}" role="group" '
        f'aria-label="The right page" hidden><span>{WHICH_PAGE}</span>'
        f'<button type="button" class="do" data-event="answers" data-turn="{number}" disabled>'
        "Open its page first</button>"
        f'<button type="button" class="act" data-unfolds="{fold}">Cancel</button></div>'
    )
