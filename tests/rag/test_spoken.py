"""Thoughts are no answer, and what nothing can store is no text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations import MarkerReader, cite
from rag.domain import Finish, TextDelta
from rag.providers.spoken import Spoken
from tests.chat_rig import Item, Rig, text_of
from tests.fakes import sources
from tests.loopback import Events, chunk


def heard(*pieces: str) -> str:
    spoken = Spoken()
    return "".join([*map(spoken.feed, pieces), spoken.rest()])


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Twelve.", "Twelve."),
        ("<think>Hmm [1].</think>\n\nTwelve.", "Twelve."),
        ("[THINK]Hmm [1].[/THINK]Twelve.", "Twelve."),
        (" \n<think>Hmm.</think> Twelve.", "Twelve."),
        ("<think>a</think><think>b</think>Twelve.", "<think>b</think>Twelve."),
        ("<think>Hmm, without an end", ""),
        ("<thin", "<thin"),
        ("<b> is a tag.", "<b> is a tag."),
        ("[1] says so.", "[1] says so."),
        ("It writes <think>a</think>.", "It writes <think>a</think>."),
        ("", ""),
        ("  ", "  "),
    ],
)
def test_thoughts_at_the_beginning_are_left_out(said: str, left: str) -> None:
    assert heard(said) == left
    assert heard(*said) == left


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        (["a\x00b\x1bc\td\n"], "abc\td\n"),
        (["\ud83d", "\ude00"], "\U0001f600"),
        (["a\ud83d", "b"], "a\ufffdb"),
        (["a\ude00b"], "a\ufffdb"),
        (["a\ud83d"], "a\ufffd"),
        (["\ud83d"], "\ufffd"),
        (["é", "日本"], "é日本"),
    ],
)
def test_what_cannot_be_stored_is_replaced(pieces: list[str], left: str) -> None:
    assert heard(*pieces) == left


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc"]))))
def test_ordinary_text_stays_as_it_is(pieces: list[str]) -> None:
    text = "".join(["So: ", *pieces])

    assert heard("So: ", *pieces) == text


def thought(*pieces: object) -> dict[str, object]:
    parts = [
        {"type": "text", "text": piece} if isinstance(piece, str) else piece for piece in pieces
    ]
    return chunk({"content": [{"type": "thinking", "thinking": parts}]})


def reasoned(rig: Rig) -> list[Item]:
    """A turn of Magistral: thoughts with references of their own, then the answer."""
    reference = {"type": "reference", "reference_ids": [1]}
    return rig.items(
        Events(
            [
                thought("Mixtral [1]? "),
                thought("No.", reference),
                chunk({"content": "Nemo has 12 billion parameters"}),
                chunk({"content": " [2]."}),
                chunk({}, "stop"),
            ]
        )
    )


def test_thoughts_are_neither_in_the_answer_nor_in_its_citations(rig: Rig) -> None:
    items = reasoned(rig)
    reader = MarkerReader()
    reader.offer(sources("Mixtral has 8 experts.", "Nemo has 12 billion parameters."))
    text = "".join([reader.feed(text_of(items)), reader.rest()])

    (citation,) = cite(text, reader.sources)

    assert text_of(items) == "Nemo has 12 billion parameters [2]."
    assert citation.quote.text == "Nemo has 12 billion parameters."


def test_thoughts_in_a_field_of_their_own_are_left_out(rig: Rig) -> None:
    events = [chunk({"reasoning": "Hmm."}), chunk({"reasoning_content": "Hmm."})]
    items = rig.items(Events([*events, chunk({"content": "Twelve."}, "stop")]))

    assert items == [TextDelta("Twelve."), Finish(None, complete=True)]


def test_thoughts_left_in_the_text_are_left_out(rig: Rig) -> None:
    pieces = ["<thi", "nk>Hmm", ", [1].</th", "ink>", "\n\n", "Twelve", " [2]."]
    items = rig.items(Events([*(chunk({"content": each}) for each in pieces), chunk({}, "stop")]))

    assert text_of(items) == "Twelve [2]."


def test_thoughts_cut_at_the_limit_are_an_incomplete_turn(rig: Rig) -> None:
    items = rig.items(Events([thought("Hmm"), chunk({"content": ""}, "length")]))

    assert items == [Finish(None, complete=False)]


def test_half_characters_come_together(rig: Rig) -> None:
    raw = json.dumps(chunk({"content": "so \U0001f600"}, "stop")).encode()

    assert text_of(rig.items(Events([b"data: " + raw]))) == "so \U0001f600"
