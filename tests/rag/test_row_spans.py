"""Rows of tables that go over lines are sentences in one piece, and are quoted so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.citations import cite
from rag.domain import Passage, Prompt, Quote, Source, Span, TextDelta
from rag.evidence import SentenceScorer
from rag.providers.reader import EmbeddedReader
from rag.row_spans import sentences_of
from rag.sentences import split_sentences
from rag.store.words import Words
from rag.table_cells import rows_at
from rag.vocabulary import load_vocabulary
from tests.fakes import HashEmbedder, passage

HEADS = ("Vessel", "Crew", "Built")
MARIGOLD = "Marigold of the \r\nNorthern Sound\r\n12 1987"
GANNET = "Gannet\r\nthe second 4 2001"
LINES = ["Vessels of Innisvale", "Vessel Crew Built", MARIGOLD, "Petrel 7 1990", GANNET]
AFTER = "Both were sold. None is left."
ROWS = {
    "Vessel Crew Built": HEADS,
    MARIGOLD: ("Marigold of the Northern Sound", "12", "1987"),
    "Petrel 7 1990": ("Petrel", "7", "1990"),
    GANNET: ("Gannet the second", "4", "2001"),
}


def fleet() -> Passage:
    """A passage with a table of which two labels go over lines, and prose after it."""
    text = "\r\n".join([*LINES, AFTER])
    rows = [
        (Span(text.index(line), text.index(line) + len(line)), cells, HEADS)
        for line, cells in ROWS.items()
    ]
    return replace(passage(text), rows=tuple(rows))


def test_a_row_over_lines_is_one_sentence_without_its_neighbours() -> None:
    shown = fleet()

    said = [shown.text[span.start : span.end] for span in sentences_of(shown)]

    assert said == [*LINES, "Both were sold.", "None is left."]


def test_without_rows_the_sentences_are_those_of_the_text() -> None:
    shown = replace(fleet(), rows=())

    assert sentences_of(shown) == split_sentences(shown.text)


def test_what_of_a_sentence_stands_around_a_row_is_by_itself() -> None:
    text = "The ferry and the \r\nPetrel  \r\nwere sold by the\r\nboard in May."
    at = text.index("Petrel")
    shown = replace(passage(text), rows=((Span(at, at + 8), ("Petrel",), ("Vessel",)),))

    said = [text[span.start : span.end] for span in sentences_of(shown)]

    assert said == ["The ferry and the", "Petrel", "were sold by the\r\nboard in May."]


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("How large is the crew of the Marigold of the Northern Sound?", MARIGOLD),
        ("When was the Gannet the second built?", GANNET),
        ("When was the Petrel built?", "Petrel 7 1990"),
    ],
)
def test_the_whole_row_is_quoted_and_its_cells_are_known(question: str, row: str) -> None:
    shown = fleet()
    source = Source(1, shown)
    reader = EmbeddedReader(SentenceScorer(HashEmbedder(), Words()), load_vocabulary())
    items = reader.stream(Prompt((), question, (source,)))
    text = "".join(item.text for item in items if isinstance(item, TextDelta))

    assert text == f"“Vessel Crew Built”:\n\n“{' '.join(row.split())}” [1]"
    quote: Quote = cite(text, {1: source})[-1].quote
    assert quote.text == row == shown.text[quote.start : quote.end]
    label, crew, built = ROWS[row]
    (known,) = rows_at(quote, shown)
    assert (known.label, known.cells) == (label, (("Crew", crew), ("Built", built)))
