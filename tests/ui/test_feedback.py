from __future__ import annotations

import pytest

from rag.domain import Answer
from rag.marks import Opinion
from ui.conversation import Conversation, Mark
from ui.feedback import judged, render_judging, render_opinions

ANSWER = Answer("Forty.", "Boats?", "small")
REFUSAL = Answer("The documents do not say.", "Boats?", "small", refused=True)
TURN = Conversation().asking("Boats?").turns[0].after(ANSWER)


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("wrong", " It is <nine> ", (Opinion.WRONG, "It is <nine>")),
        ("unsaid", "", (Opinion.WRONG, "Source does not say this")),
        ("incomplete", "summer", (Opinion.WRONG, "Incomplete: summer")),
        ("unanswerable", "", (Opinion.UNANSWERABLE, "")),
        ("other", "odd", (Opinion.WRONG, "odd")),
        ("invented", "x" * 600, (Opinion.WRONG, "x" * 500)),
    ],
)
def test_a_fault_is_stored_with_what_was_typed(
    kind: str, typed: str, stored: tuple[Opinion, str]
) -> None:
    assert judged(ANSWER, kind, typed) == stored


def test_a_refusal_has_other_faults() -> None:
    assert judged(REFUSAL, "said", "p. 4") == (Opinion.WRONG, "The documents do say it: p. 4")
    assert judged(REFUSAL, "unanswerable", "") == (Opinion.WRONG, "")
    form = render_judging(Conversation().asking("Boats?").turns[0].after(REFUSAL))
    assert "The documents do say it" in form
    assert "Should have refused" not in form


def test_the_usual_fault_is_chosen_first() -> None:
    form = render_judging(TURN)
    assert form.count("checked>") == 1
    assert 'value="wrong" checked>' in form


@pytest.mark.parametrize(
    ("opinion", "said", "asks"),
    [
        (Opinion.WRONG, "Marked: it is now", True),
        (Opinion.RIGHT, "Marked as good", False),
        (Opinion.UNANSWERABLE, "that should be refused", False),
    ],
)
def test_only_what_is_wrong_asks_for_the_right_page(
    opinion: Opinion, said: str, asks: bool
) -> None:
    (turn,) = Conversation((TURN,)).marking(0, Mark("m1", opinion=opinion)).turns
    html = render_judging(turn)
    assert said in html
    assert ("Name the right page" in html) == asks
    assert 'data-event="unmark" data-turn="0"' in html
    assert render_opinions(turn) == ""
