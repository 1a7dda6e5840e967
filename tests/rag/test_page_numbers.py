"""The number of a page at the end or the beginning of its text is no part of a sentence."""

import pytest

from rag.alignment import align
from rag.page_numbers import is_page_number
from rag.sentences import split_sentences

LINE = "Every boat that is laid up in the harbour for the whole winter is subject to a"
NEXT = "fee of forty marks, which is paid at the office before the first of November."
NUMBERS = ["6", "- 6 -", "– 612 –", "Page 6", "Page 6 of 12", "Seite 6 von 12", "6/12", "F-6", "iv"]
NONE = ["2024", "I", "6.", "6 boats", "1,234", "$ 6", "6.5", "subject", "31 March", "mix"]


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize("line", NUMBERS)
def test_a_number_behind_or_before_a_sentence_is_by_itself(line: str) -> None:
    assert is_page_number(line)
    assert sentences(f"{LINE}\r\n{line}") == [LINE, line]
    assert sentences(f"{line}\r\n{NEXT}") == [line, NEXT]
    assert sentences(f"{LINE}\r\n{line}\r\nHarbour office") == [LINE, line, "Harbour office"]


@pytest.mark.parametrize("line", NONE)
def test_other_lines_are_no_numbers_of_pages(line: str) -> None:
    assert not is_page_number(line)


def test_a_figure_within_a_text_stays_in_its_sentence() -> None:
    text = f"{NEXT}\r\n{NEXT}\r\n{LINE}\r\n6\r\n{NEXT}\r\n{NEXT}"
    assert any(f"{LINE}\r\n6" in sentence for sentence in sentences(text))


def test_a_year_and_what_is_introduced_stay_with_their_sentence() -> None:
    assert sentences(f"{LINE}\r\n2024") == [f"{LINE}\r\n2024"]
    asked = "The number of boats that are laid up in the harbour in a winter of ice is:"
    assert sentences(f"{asked}\r\n6") == [f"{asked}\r\n6"]


def test_a_quote_ends_before_the_number_of_the_page() -> None:
    page = f"The rules of the harbour are read by every keeper of a boat.\r\n{LINE}\r\n6"
    found = align("All boats laid up for the winter are subject to something.", page)
    assert page[found.span.start : found.span.end] == LINE
