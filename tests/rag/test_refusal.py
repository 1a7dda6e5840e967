import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.refusal import IN_WORDS, NOT_FOUND, RefusalReader

REPLIES = st.lists(
    st.sampled_from(
        [NOT_FOUND, "NOT_IN_", "N", "NOT", "**", " ", "\\_", "A word [1]. ", "\n", "`"]
    ),
    max_size=8,
).map("".join)


def read(reply: str, cuts: list[int]) -> tuple[str, bool, bool]:
    reader = RefusalReader()
    ends = [*cuts, len(reply)]
    shown = [reader.feed(reply[a:b]) for a, b in zip([0, *cuts], ends, strict=True)]
    return "".join([*shown, reader.rest()]), reader.refused, reader.found


@given(REPLIES, st.data())
def test_any_chunking_gives_the_same(reply: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=20)))

    assert read(reply, cuts) == read(reply, []) == read(reply, list(range(len(reply))))


@pytest.mark.parametrize(
    "reply",
    [
        NOT_FOUND,
        f" \n{NOT_FOUND}.",
        f"**{NOT_FOUND}**",
        f"`{NOT_FOUND}`",
        NOT_FOUND.replace("_", "\\_"),
        f"“{NOT_FOUND}”",
        f"{NOT_FOUND}. However, I know that it is 12.",
    ],
)
def test_a_reply_that_begins_with_the_word_is_a_refusal_and_nothing_of_it_is_shown(
    reply: str,
) -> None:
    assert read(reply, []) == ("", True, True)


def test_the_word_in_the_middle_is_put_in_words() -> None:
    assert read(f"Eight [1]. Its price: {NOT_FOUND}.", [20]) == (
        f"Eight [1]. Its price: {IN_WORDS}.",
        False,
        True,
    )


@pytest.mark.parametrize("reply", ["", "  ", "**", "NO", "NOT_IN_THE_DOCUMENT", "Not found."])
def test_other_replies_pass_unchanged(reply: str) -> None:
    assert read(reply, []) == (reply, False, False)


def test_only_what_may_become_the_word_is_held_back() -> None:
    reader = RefusalReader()

    assert reader.feed("NOT_IN") == ""
    assert reader.feed(" Paris. N") == "NOT_IN Paris. "
    assert reader.feed("o.") == "No."


@pytest.mark.parametrize("piece", ["N", "NOT_IN_", " ", "NOT\\", "*"])
def test_a_megabyte_of_anything_is_read_fast(piece: str) -> None:
    started = time.monotonic()

    read(piece * (1_000_000 // len(piece)) + "x", [])

    assert time.monotonic() - started < 5
