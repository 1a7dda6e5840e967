import pytest

from rag.domain import Message, Rewritten
from rag.rephrasing import from_reply, rephrased

ASKED = "And for Pfizer and Adobe?"
WHOLE = "What was the revenue of Pfizer and Adobe?"
PARTS = ("What was the revenue of Pfizer?", "What was the revenue of Adobe?")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("What is Nemo?", Rewritten("What is Nemo?")),
        (' "What is\nNemo?" ', Rewritten("What is Nemo?")),
        ("\n".join((WHOLE, *PARTS)), Rewritten(WHOLE, PARTS)),
        (f"{WHOLE}\n\n1. {PARTS[0]}\n- “{PARTS[1]}”", Rewritten(WHOLE, PARTS)),
        (WHOLE, Rewritten(WHOLE, PARTS)),
        ("What is Nemo?\nWhat is Nemo?", Rewritten("What is Nemo?")),
        (f"What is Nemo?\n{PARTS[0]}", Rewritten("What is Nemo?")),
        ("revenue Nemo 2022", Rewritten("revenue Nemo 2022")),
    ],
)
def test_a_reply_is_a_question_and_perhaps_its_parts(reply: str, expected: Rewritten) -> None:
    assert from_reply(reply, ASKED) == expected


@pytest.mark.parametrize(
    "reply",
    [
        "",
        " \n ",
        '""',
        "Let me tell you. " * 100,
        f"{WHOLE}\nRevenue was 5.\nIt grew.",
        "\n".join([WHOLE, *(f"What is {name}?" for name in "ABCDE")]),
        f"{WHOLE}\n{PARTS[0]}\n{'very ' * 300}?",
    ],
)
def test_a_reply_that_is_no_question_is_none(reply: str) -> None:
    assert from_reply(reply, ASKED) is None


def test_by_rules_a_follow_up_is_completed_and_taken_apart() -> None:
    history = (Message("user", "What was the revenue of 3M in 2022?"), Message("assistant", "5."))

    assert rephrased("And for Pfizer and Adobe?", history) == Rewritten(
        "What was the revenue of Pfizer and Adobe in 2022?",
        ("What was the revenue of Pfizer in 2022?", "What was the revenue of Adobe in 2022?"),
    )
