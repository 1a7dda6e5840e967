from __future__ import annotations

import time

import pytest

from rag.domain import Prompt, Span, TextDelta
from rag.evidence import SentenceScorer
from rag.exact import exact_words
from rag.folding import fold, unaccented
from rag.intake import Table, TableRow
from rag.providers.reader import EmbeddedReader
from rag.quantities import quantities
from rag.raised import spaced, stated
from rag.signs import signs
from rag.store.words import Words
from rag.table_queries import query
from rag.terms import terms
from rag.vocabulary import load_vocabulary
from tests.fakes import HashEmbedder, sources


@pytest.mark.parametrize(
    ("text", "value", "kind", "said"),
    [
        ("57¹ million", 57e6, "", "57¹ million"),
        ("57 million¹ of it", 57e6, "", "57 million"),
        ("57 %² of it", 57, "percent", "57 %"),
        ("5 m²", 5, "area", "5 m²"),
        ("10⁶ m²", 1e6, "area", "10⁶ m²"),
        ("3.2 × 10⁶", 3.2e6, "", "3.2 × 10⁶"),
        ("10^6 m²", 1e6, "area", "10^6 m²"),
        ("10⁻³ kg", 1, "mass", "10⁻³ kg"),
        ("5 years³ ago", 60, "months", "5 years"),
        ("10²", 10, "", "10"),
        ("Sales | 10³ | 4", 10, "", "10"),
    ],
)
def test_a_quantity_is_read_without_the_mark(text: str, value: float, kind: str, said: str) -> None:
    found = quantities(text)[0]

    assert found.readings[0][0] == pytest.approx(value)
    assert found.kind == kind
    assert text[found.span.start : found.span.end] == said


def test_a_grouped_figure_with_a_mark_is_what_it_was() -> None:
    marked, bare = quantities("1,234² million"), quantities("1,234 million")

    assert [each.readings for each in marked] == [each.readings for each in bare]


def test_no_folding_makes_a_figure_of_a_mark() -> None:
    text = "Sales 57¹ m² of CO₂, 1,234² then"
    folded = fold(text)

    assert folded.text == "sales 57 m2 of co2, 1,234 then"
    start = folded.text.index("1,234")
    assert folded.original(start, start + 10) == (text.index("1,234"), len(text))
    assert unaccented("Né 57¹") == "ne 57"
    assert stated("57¹ km² 10⁶").text == "57 km² 1000000"
    assert [(term.key, term.span) for term in terms("1,234² 57¹")] == [
        ("1234", Span(0, 5)),
        ("57", Span(7, 9)),
    ]


def test_words_and_numbers_are_indexed_without_it() -> None:
    assert Words()("57¹ noteᵃ m² CO₂", None) == ["57", "1", "note", "ᵃ", "m2", "co2"]
    assert "1234" in exact_words("Sales 1,234² million")
    assert not {"571", "12342"} & {*exact_words("57¹ 1,234²"), *Words()("57¹ 1,234²")}
    assert spaced("57¹ m²") == "57 ¹ m²"


def test_a_table_is_queried_by_its_numbers() -> None:
    rows = tuple(
        TableRow(0, 1, cells) for cells in (("Item", "2023"), ("Sales", "57¹"), ("Loss", "(5)²"))
    )
    table = Table(1, 1, "t", ("Item", "2023"), rows)

    assert query([table], 'SELECT SUM("_2023") FROM t').splitlines()[-1] == "52"


def test_the_glued_number_is_refused_and_the_true_one_is_not() -> None:
    text = "Net sales of the harbour were 57¹ million euros in 2023."

    assert signs("Net sales of the harbour were 57 million euros in 2023.", text).verbatim
    assert signs("Net sales of the harbour were 571 million euros in 2023.", text).fault
    assert signs("Net sales were 571 million euros.", text).fault


def test_the_reader_quotes_the_figure_with_its_mark() -> None:
    shown = sources("Camembert is soft.", "Harbour sales were 1,234² million euros in 2023.")
    reader = EmbeddedReader(SentenceScorer(HashEmbedder(), Words()), load_vocabulary())
    items = reader.stream(Prompt((), "What were the harbour sales in 2023?", tuple(shown)))
    text = "".join(item.text for item in items if isinstance(item, TextDelta))

    assert text == "“Harbour sales were 1,234² million euros in 2023.” [2]"


@pytest.mark.parametrize(
    "text", ["a" * 200_000 + "¹", "¹" * 200_000, "10⁶ " * 50_000, "1" * 200_000 + " 10^6"]
)
def test_no_text_takes_longer_than_its_length(text: str) -> None:
    started = time.perf_counter()
    stated(text)
    spaced(text)

    assert time.perf_counter() - started < 5  # a quadratic reading takes minutes
