"""Shows the dates and times of a spreadsheet, which are numbers of days, as ISO 8601 has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

WINDOWS_EPOCH = datetime(1899, 12, 30)
MAC_EPOCH = datetime(1904, 1, 1)
LAST_DAY = 2_958_465  # 9999-12-31
FALSE_LEAP_DAY = 60  # 1900-02-29, which Excel has and the calendar has not
DAY_SECONDS = 86_400
LONGEST_CODE = 255

_LITERALS = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_DURATION = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_MINUTES = re.compile(r"(?<=h)[^a-z]*m{1,2}(?!m)|m{1,2}(?!m)(?=[^a-z]*s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a format code shows of a date."""

    day: bool
    time: bool
    seconds: bool
    duration: bool


def is_date(code: str) -> bool:
    """Whether a format code shows a number as a date, a time or a duration."""
    shape = _shape(code)
    return shape.day or shape.time or shape.duration


def shown_date(value: float, code: str, epoch: datetime = WINDOWS_EPOCH) -> str:
    """A number of days as its format shows it, but in ISO order; empty where it is no date."""
    shape = _shape(code)
    if not abs(value) <= LAST_DAY:
        return ""
    if shape.duration:
        return _duration(value, shape)
    if value < 0 or (value < 1 and not shape.time):
        return ""
    days, seconds = divmod(round(value * DAY_SECONDS), DAY_SECONDS)
    if epoch == WINDOWS_EPOCH and 0 < days < FALSE_LEAP_DAY:
        days += 1
    try:
        moment = epoch + timedelta(days=days, seconds=seconds)
    except OverflowError:
        return ""
    clock = moment.strftime("%H:%M:%S" if shape.seconds or moment.second else "%H:%M")
    if not shape.day or not days:
        return clock
    return f"{moment.date().isoformat()} {clock}" if shape.time else moment.date().isoformat()


def _duration(value: float, shape: _Shape) -> str:
    seconds = round(abs(value) * DAY_SECONDS)
    sign = "-" if value < 0 and seconds else ""
    tail = f":{seconds % 60:02}" if shape.seconds or seconds % 60 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}{tail}"


@lru_cache(maxsize=1024)
def _shape(code: str) -> _Shape:
    pattern = _LITERALS.sub("", code[:LONGEST_CODE].partition(";")[0]).lower()
    if "general" in pattern:
        return _Shape(False, False, False, False)
    duration = bool(_DURATION.search(pattern))
    without_minutes, minutes = _MINUTES.subn("", pattern)
    day = any(letter in without_minutes for letter in "dmy")
    seconds = "s" in pattern
    return _Shape(day, bool(minutes) or "h" in pattern or seconds, seconds, duration)
