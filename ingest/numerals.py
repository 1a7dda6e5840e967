"""Shows numbers as a spreadsheet shows them: by the format code of their cell.

Percents, decimals, thousands, currencies, literals and the sections for negative numbers and zero
are followed (ECMA-376 part 1, 18.8.31); what else a code asks for, such as fractions, gives the
number as it is. Dates are shown as ISO 8601 has them, whatever their format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from ingest.serials import WINDOWS_EPOCH, is_date, shown_date

# The codes that a number stands for (18.8.30). Currencies and dates differ with the place where
# the workbook was made, which writes its own code when it matters: here they name no currency.
BUILTIN_CODES = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    **dict.fromkeys((5, 6, 37, 38, 41, 42), "#,##0"),
    **dict.fromkeys((7, 8, 39, 40, 43, 44), "#,##0.00"),
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    18: "h:mm",
    19: "h:mm:ss",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss",
    48: "##0.0E+0",
    **dict.fromkeys((32, 33), "h:mm"),
}
LARGEST = 1e15  # beyond it a double has no digits for a format to choose from
LONGEST_CODE = 255
MAX_DECIMALS = 30
NEGLIGIBLE = 1e-12  # what adding floating-point numbers leaves behind, as a share

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|(?P<fill>\*.)|(?P<space>_.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|\[(?P<bracket>[^\]]*)\]|(?P<general>General)|(?P<exponent>[eE][-+])|(?P<digit>[0#?])"
    r"|(?P<sign>[.,%;@/])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_SPACES = re.compile(r"\s+")


@dataclass(slots=True)
class _Section:
    """One of the sections of a format code; not `followed` is one that asks for too much."""

    before: str = ""
    after: str = ""
    whole: str = ""  # the placeholders before the decimal point, and after it
    decimals: str = ""
    grouped: bool = False
    has_point: bool = False
    percents: int = 0
    thousands: int = 0  # how often it is divided by a thousand
    commas: int = 0
    general: bool = False
    followed: bool = True


def shown(value: float, code: str, epoch: datetime = WINDOWS_EPOCH) -> str:
    """A number as its format shows it; dates count from `epoch`."""
    plain = shown_plainly(value)
    if not code or code == "General" or not -LARGEST < value < LARGEST:
        return plain
    if is_date(code):
        return shown_date(value, code, epoch) or plain
    sections = _sections(code)
    if not all(section.followed for section in sections[:3]):
        return plain
    section, sign = sections[0], "-" if value < 0 else ""
    if value < 0 and len(sections) > 1:
        section, sign = sections[1], ""
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    if section.general:
        digits = shown_plainly(abs(value))
    else:
        digits = _digits(abs(value), section)
        if not any(digit in "123456789" for digit in digits):
            sign = ""
    seen = _SPACES.sub(" ", f"{sign}{section.before}{digits}{section.after}").strip()
    return seen if seen or value == 0 else plain


def shown_plainly(value: float) -> str:
    """A number with the digits that it was meant to have."""
    if -LARGEST < value < LARGEST and value == int(value):
        return str(int(value))
    short = f"{value:.10g}"
    if abs(float(short) - value) <= NEGLIGIBLE * abs(value):
        return short
    return f"{value:.15g}"


def _digits(value: float, section: _Section) -> str:
    if not section.whole and not section.decimals:
        return ""
    number = Decimal(repr(value)).scaleb(2 * section.percents - 3 * section.thousands)
    places = min(len(section.decimals), MAX_DECIMALS)
    number = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, decimals = f"{number:f}".partition(".")
    fewest = section.whole.count("0")
    whole = "" if whole == "0" and not fewest else whole.zfill(fewest)
    if section.grouped and whole:
        whole = f"{int(whole):,}" if fewest < 2 else whole
    required = len(section.decimals.rstrip("#?"))
    kept = decimals.rstrip("0").ljust(required, "0")[: len(decimals)]
    return f"{whole}.{kept}" if kept else whole


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    sections = [_Section()]
    for found in _TOKEN.finditer(code[:LONGEST_CODE]):
        if found[0] == ";":
            sections.append(_Section())
        else:
            _follow(sections[-1], found)
    return tuple(sections)


def _follow(section: _Section, found: re.Match[str]) -> None:
    kind, text = found.lastgroup, found[0]
    if kind == "digit":
        _follow_digit(section, text)
    elif text == "." and kind == "sign":
        section.has_point = True
        section.thousands, section.commas = section.commas, 0
    elif text == "," and kind == "sign":
        section.commas += 1
        if section.has_point or section.whole:
            section.thousands = section.commas
    elif kind == "general":
        section.general = True
    elif kind == "bracket":
        section.followed = section.followed and text[1:2] not in "<>="
    elif kind == "exponent" or (text in "/@" and kind == "sign"):
        section.followed = False
    elif kind == "space":
        _say(section, " ")
    elif kind != "fill":
        section.percents += text == "%"
        _say(section, found[kind] if kind in ("quoted", "escaped", "currency") else text)


def _follow_digit(section: _Section, placeholder: str) -> None:
    if section.after.strip():
        section.followed = False  # digits with something between them, as in telephone numbers
    if section.has_point:
        section.decimals += placeholder
        return
    if section.whole and section.commas:
        section.grouped = True
    section.whole += placeholder
    section.commas = section.thousands = 0


def _say(section: _Section, text: str) -> None:
    if section.whole or section.decimals or section.general:
        section.after += text
    else:
        section.before += text
