import pytest

from rag.domain import Verdict
from rag.whole.schemas import Field
from rag.whole.values import find, locate, says
from tests.fakes import passage

TEXT = Field("x", "x", "string")
NUMBER = Field("x", "x", "number")
DATE = Field("x", "x", "string", is_date=True)
CHOICE = Field("x", "x", "string", choices=("open", "closed"))
TRUTH = Field("x", "x", "boolean")


@pytest.mark.parametrize(
    ("quote", "value", "field", "verdict"),
    [
        ("Net sales were $1,577 million.", 1577, NUMBER, Verdict.SUPPORTED),
        ("Net sales were $1,577 million.", 1577000000, NUMBER, Verdict.SUPPORTED),
        ("Net sales were $1,577 million.", 1578, NUMBER, Verdict.UNSUPPORTED),
        ("un total de 12,9 %", 12.9, NUMBER, Verdict.SUPPORTED),
        ("a margin of 7%", 0.07, NUMBER, Verdict.SUPPORTED),
        ("within three weeks", 3, NUMBER, Verdict.SUPPORTED),
        ("a loss of (1,234)", -1234, NUMBER, Verdict.SUPPORTED),
        ("signed on May 18, 2022", "2022-05-18", DATE, Verdict.SUPPORTED),
        ("signed on May 18, 2022", "2022-05-19", DATE, Verdict.UNSUPPORTED),
        ("the seller is ACME Corp.", "acme corp", TEXT, Verdict.SUPPORTED),
        ("under the Apache-2.0 licence", "Apache 2.0", TEXT, Verdict.SUPPORTED),
        ("the seller is ACME Corp.", "Beta Ltd", TEXT, Verdict.UNSUPPORTED),
        ("goods are delivered weekly", "weekly delivered goods", TEXT, Verdict.PARTLY),
        ("delivered within 3 weeks", "delivered within 4 weeks", TEXT, Verdict.UNSUPPORTED),
        ("the doors were locked", "closed", CHOICE, Verdict.PARTLY),
        ("the shop is closed", "closed", CHOICE, Verdict.SUPPORTED),
        ("commercial use is allowed", True, TRUTH, Verdict.PARTLY),
    ],
)
def test_a_quote_says_its_value_or_not(
    quote: str, value: object, field: Field, verdict: Verdict
) -> None:
    found, reason = says(quote, value, field)
    assert found is verdict
    assert bool(reason) == (verdict is not Verdict.SUPPORTED)


def test_a_table_may_count_in_millions() -> None:
    page = "(in millions)\nNet sales 1,577 1,402"
    assert says("Net sales 1,577 1,402", 1577000000, NUMBER, page) == (
        Verdict.PARTLY,
        "the page counts in millions",
    )


def test_words_are_found_whole() -> None:
    assert find("12", "128 and 12.5") is None
    assert find("12", "128 and 12, 5") is not None
    assert find("no", "nobody") is None
    assert find("...", "what...") is None


def test_a_quote_is_found_on_its_page_and_else_wherever_it_stands() -> None:
    pages = [passage("One thing."), passage("Another\r\nthing.", page=2)]
    quote = locate("another  thing", pages, 0)
    assert quote is not None
    assert (quote.page, quote.text) == (2, "Another\r\nthing")
    assert locate("a third thing", pages, 0) is None
