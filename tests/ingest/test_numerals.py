from __future__ import annotations

import pytest

from ingest.numerals import BUILTIN_CODES, shown
from ingest.serials import MAC_EPOCH, is_date, shown_date

ACCOUNTING = (
    '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-'  # as Excel writes it
)


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        (3, "General", "3"),
        (0.1 + 0.2, "", "0.3"),
        (1234.5600000001, "", "1234.56"),
        (1 / 3, "", "0.333333333333333"),
        (1e21, "", "1e+21"),
        (0.125, "0%", "13%"),
        (0.634, "0.0%", "63.4%"),
        (2.675, "0.00", "2.68"),
        (1234567, "#,##0", "1,234,567"),
        (3, "0.##", "3"),
        (3.14159, "0.0##", "3.142"),
        (5, "0000", "0005"),
        (0.5, "#.##", ".5"),
        (-5, "0.00", "-5.00"),
        (-0.001, "0.00", "0.00"),
        (1234.5, '"$"#,##0.00_);[Red]("$"#,##0.00)', "$1,234.50"),
        (-1234.5, '"$"#,##0.00_);[Red]("$"#,##0.00)', "($1,234.50)"),
        (12.5, ACCOUNTING, "12.50 €"),
        (-12.5, ACCOUNTING, "-12.50 €"),
        (0, ACCOUNTING, "- €"),
        (12.5, "[$€-407]#,##0.00", "€12.50"),
        (12.5, "#,##0.00 [$EUR]", "12.50 EUR"),
        (5, '0" kg"', "5 kg"),
        (1_500_000, '0.0,,"M"', "1.5M"),
        (1_500_000, "#,##0,", "1,500"),
        (1.5, "# ?/?", "1.5"),
        (5551234, "000-0000", "5551234"),
        (12345, "0.00E+00", "12345"),
        (7, '[>5]"big";"small"', "7"),
        (42, "@", "42"),
        (3, ";;;", "3"),
        (1e300, "0.00", "1e+300"),
        (float("inf"), "0.00", "inf"),
    ],
)
def test_a_number_is_shown_as_its_format_has_it(value: float, code: str, seen: str) -> None:
    assert shown(value, code) == seen


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        (45747, "dd.mm.yyyy", "2025-03-31"),
        (45747.75, "dd.mm.yyyy", "2025-03-31"),
        (45747.75, "d/m/yy h:mm", "2025-03-31 18:00"),
        (45747, "mmm yyyy", "2025-03-31"),
        (45747, "[$-407]d. mmmm yyyy", "2025-03-31"),
        (0.5, "h:mm AM/PM", "12:00"),
        (0.5001, "h:mm:ss", "12:00:09"),
        (1.25, "[h]:mm", "30:00"),
        (-1.25, "[h]:mm:ss", "-30:00:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (-4, "yyyy-mm-dd", "-4"),
        (9e9, "yyyy-mm-dd", "9000000000"),
    ],
)
def test_a_date_is_shown_in_iso_order(value: float, code: str, seen: str) -> None:
    assert shown(value, code) == seen


def test_dates_count_from_the_workbooks_own_epoch() -> None:
    assert shown(0.0, "yyyy-mm-dd", MAC_EPOCH) == "0"
    assert shown(44285, "yyyy-mm-dd", MAC_EPOCH) == "2025-03-31"
    assert shown_date(44285, "yyyy-mm-dd", MAC_EPOCH) == "2025-03-31"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("yyyy", True),
        ("[h]:mm", True),
        ('0 "days"', False),
        ("General", False),
        ("#,##0 \\m", False),
    ],
)
def test_a_date_is_told_from_a_number(code: str, expected: bool) -> None:
    assert is_date(code) is expected


def test_the_numbered_formats_are_dates_and_numbers() -> None:
    assert shown(45747, BUILTIN_CODES[14]) == "2025-03-31"
    assert shown(0.5, BUILTIN_CODES[10]) == "50.00%"
    assert shown(1234, BUILTIN_CODES[44]) == "1,234.00"
