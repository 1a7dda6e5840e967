from datetime import date

import pytest

from rag.whole.dates import as_date, dates_in


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("filed on May 18, 2022 in", date(2022, 5, 18)),
        ("on the 18th of May 2022,", date(2022, 5, 18)),
        ("le 1er août 2026.", date(2026, 8, 1)),
        ("am 31. März 2023", date(2023, 3, 31)),
        ("el 3 de mayo de 2026", date(2026, 5, 3)),
        ("as of 2024-02-29:", date(2024, 2, 29)),
        ("Sept. 9, 2021", date(2021, 9, 9)),
        ("31.12.2023", date(2023, 12, 31)),
    ],
)
def test_a_day_is_read_in_the_usual_ways(text: str, day: date) -> None:
    ((span, days),) = dates_in(text)
    assert days == {day}
    assert any(figure.isdigit() for figure in text[span.start : span.end])


def test_figures_alone_may_be_two_days() -> None:
    ((_, days),) = dates_in("on 03/05/2026")
    assert days == {date(2026, 3, 5), date(2026, 5, 3)}


@pytest.mark.parametrize("text", ["in May 2022", "31 February 2022", "version 3.2.2021.4", "12"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert dates_in(text) == []


def test_a_written_day_is_as_json_has_it() -> None:
    assert as_date("2022-05-18") == date(2022, 5, 18)
    assert as_date("18 May 2022") is None
    assert as_date("2022-13-01") is None
