"""Which lines of lists, mails, scans and plain tables the embedded reader quotes."""

from __future__ import annotations

import pytest

from rag.citations import cite
from rag.domain import Finish, Prompt, Source, TextDelta
from rag.evidence import SentenceScorer
from rag.expectation import gives_asked_date, is_of_the_kind
from rag.folding import flowing
from rag.headed_rows import heads_of
from rag.providers.reader import EmbeddedReader
from rag.store.words import Words
from rag.vocabulary import load_vocabulary
from tests.fakes import HashEmbedder, passage, sources

SLIDE = (
    "Milestones\n\nBeta of Falcon ships on 9 October\n\nPublic release follows on 27 November\n\n"
    "Support for Heron ends in February\n\nThe owner of Falcon is Mara Lind\n\nBudget of the party"
)
MAIL = (
    "From: Clara Weiss <clara@weiss.example>\nTo: office@example.com\n"
    "Subject: Quote for the new carpets\n\nHello,\n\nwe can lay the carpets in the week of 22 "
    "April. Our price is 11,640 euros. The quote is valid until 15 April.\n\nClara Weiss"
)
RATES = (
    "Rates of the harbour\r\nRates apply from 1 January 2023.\r\n2022 2023 2024\r\n"
    "Berth per metre 14.20 15.10 15.90\r\nCrane hour $ 86 $ 91 $ 97\r\nWaste fee 22 – 25"
)


def quotes(question: str, shown: list[Source]) -> list[str]:
    reader = EmbeddedReader(SentenceScorer(HashEmbedder(), Words()), load_vocabulary())
    items = list(reader.stream(Prompt((), question, tuple(shown))))
    assert items[-1] == Finish()
    return "".join(item.text for item in items if isinstance(item, TextDelta)).split("\n\n")


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("When does the beta of Falcon ship?", "Beta of Falcon ships on 9 October"),
        ("When does support for Heron end?", "Support for Heron ends in February"),
        ("Who is the owner of Falcon?", "The owner of Falcon is Mara Lind"),
    ],
)
def test_a_line_of_a_slide_that_answers_is_no_heading(question: str, line: str) -> None:
    assert quotes(question, sources(SLIDE))[0] == f"“{line}” [1]"


def test_a_line_with_a_day_is_a_heading_where_no_date_is_asked() -> None:
    text = "Meeting on the harbour of 9 October\n\nThe board sold two cranes."

    assert quotes("Meeting on the harbour?", sources(text))[0] == "“The board sold two cranes.” [1]"


def test_a_heading_that_asks_is_still_one() -> None:
    text = "What is new in the harbour\n\nTwo cranes were put up."

    assert quotes("New in the harbour?", sources(text))[0] == "“Two cranes were put up.” [1]"


def test_the_sender_named_by_the_question_is_no_answer() -> None:
    found = quotes("What price did Clara Weiss quote?", sources(MAIL))

    assert found[0] == "“Our price is 11,640 euros.” [1]"
    assert not any("From:" in quote for quote in found)


def test_the_sender_is_quoted_where_the_question_does_not_name_her() -> None:
    assert "Clara Weiss" in quotes("From whom is it?", sources(MAIL))[0]


def test_the_next_page_of_a_scan_completes_the_answer() -> None:
    shown = sources(
        "40 litres of antifouling paint, colour red", "Deliver to quay 14, Gothenburg by 30 April"
    )

    found = quotes("Where should the antifouling paint be delivered?", shown)

    assert found == [
        "“40 litres of antifouling paint, colour red” [1]",
        "“Deliver to quay 14, Gothenburg by 30 April” [2]",
    ]


def test_a_page_further_on_or_without_a_word_of_the_rest_completes_nothing() -> None:
    question = "Where should the antifouling paint be delivered?"
    order = "40 litres of antifouling paint, colour red"

    apart = quotes(question, sources(order, "Ducks can fly over red roofs.", "Deliver to quay 14"))
    other = quotes(question, sources(order, "Ducks can fly over red roofs."))
    small = quotes(question, sources(order, "Over roofs all ducks should fly south with geese."))

    assert apart == other == small == [f"“{order}” [1]"]


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("What did a crane hour cost in 2023?", "Crane hour $ 86 $ 91 $ 97"),
        ("What was the waste fee in 2024?", "Waste fee 22 – 25"),
    ],
)
def test_a_row_of_a_plain_table_stands_below_its_years(question: str, row: str) -> None:
    assert quotes(question, sources(RATES))[:2] == ["“2022 2023 2024”:", f"“{row}” [1]"]


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        (RATES, {3: 2, 4: 2, 5: 2}),
        ("FY2022 FY2023\nSales 3 4\nCosts 1 2 3\nRest of it 5 6", {1: 0, 3: 0}),
        ("2022 2023\nSales 3 4\n\nAfter a gap 5 6", {1: 0}),
        ("2022\nSales 3", {}),
        ("2022 2023\n5 6", {}),
        ("Rotterdam Milan\nSales 3 4", {}),
    ],
)
def test_years_alone_head_rows_of_as_many_figures(text: str, heads: dict[int, int]) -> None:
    found = SentenceScorer(HashEmbedder(), Words()).score("?", [passage(text)])

    assert heads_of(found, [text]) == heads


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("What is the price of the carpets?", "It is 11,640 euros.", True),
        ("What did a crane hour cost?", "It was 91.", True),
        ("What was the waste fee in 2024?", "22 – 25", True),
        ("What is the price?", "in the week of 22 April 2024", False),
        ("What drove the cost of sales?", "It was 91.", False),
    ],
)
def test_a_price_is_an_amount_and_a_day_is_none(question: str, text: str, expected: bool) -> None:
    assert is_of_the_kind(question, text) is expected


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("When does it end?", "Support ends in February", True),
        ("Wann endet es?", "Ende im Mai", True),
        ("When does it end?", "It may end", False),
        ("Who ends it?", "Support ends in February", False),
    ],
)
def test_a_month_after_its_preposition_is_a_date(question: str, text: str, expected: bool) -> None:
    assert gives_asked_date(question, text) is expected


@pytest.mark.parametrize(
    ("text", "question", "quote"),
    [
        (
            "Rules of the club\n\n\uf0b7 The fee of a guest is 14 euros\n"
            "\uf0a7 The slipway of members closes at nine",
            "What is the fee of a guest?",
            "The fee of a guest is 14 euros",
        ),
        (
            "Speeds\n\n```python\nMAX_SPEED = 12 # knots in the harbour\n```\n\nMore is told.",
            "What is the MAX_SPEED in the harbour?",
            "MAX_SPEED = 12 # knots in the harbour",
        ),
        (
            "Rules of the club\n\nThe code of the ga\u200bte is 47\u206011.",
            "What is the code of the gate?",
            "The code of the gate is 4711.",
        ),
    ],
)
def test_signs_that_say_nothing_are_left_out_of_quotes(
    text: str, question: str, quote: str
) -> None:
    shown = sources(text)
    answer = quotes(question, shown)[0]
    (citation,) = cite(answer, {1: shown[0]})

    assert answer == f"“{quote}” [1]"
    assert flowing(citation.quote.text) == quote
    assert text[citation.quote.start : citation.quote.end] == citation.quote.text
