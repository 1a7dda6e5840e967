"""Quantities that are said in words: "an hour and a half", "une vingtaine de jours", "1 in 10"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.domain import Span
from rag.numerals import SPELLED
from rag.units import UNITS

HUNDRED = 100.0
ROUGHLY = 0.2  # of what "une vingtaine" stands for, between which it may lie
_UNIT = (
    r"(?P<unit>decades?|years?|months?|weeks?|days?|hours?|minutes?|miles?|litres?|kilos?|tonnes?|"
    r"années?|ans?|mois|semaines?|jours?|heures?|kilomètres?|mètres?)"
)
_ONES = r"(?:an?|one|une?|" + "|".join(sorted(SPELLED, key=len, reverse=True)) + r"|\d+)"
_AND_A_HALF = (
    re.compile(
        rf"(?<!\w)(?P<count>{_ONES})[ -]{_UNIT}[ ](?:and a half|et demie?)\b", re.IGNORECASE
    ),
    re.compile(rf"(?<!\w)(?P<count>{_ONES})[ ]and a half[ ]{_UNIT}\b", re.IGNORECASE),
)
_TIMES_AND_A_HALF = re.compile(
    rf"(?<!\w)(?P<count>{_ONES})[ ](?:and a half times|fois et demie)\b", re.IGNORECASE
)
_QUARTERS = re.compile(
    r"(?<!\w)(?P<count>an?|one|un|two|deux|three|trois)[ -](?:quarters?|quarts?)[ ](?:of an |d['’])"
    r"(?P<unit>hour|heure)\b",
    re.IGNORECASE,
)
_SCORES = {
    "dizaine": 10.0, "douzaine": 12.0, "quinzaine": 15.0, "vingtaine": 20.0, "trentaine": 30.0,
    "quarantaine": 40.0, "cinquantaine": 50.0, "soixantaine": 60.0, "centaine": 100.0,
    "dozen": 12.0, "score": 20.0, "couple": 2.0, "millier": 1000.0, "fortnight": 1.0,
}  # fmt: skip
_SCORE = re.compile(
    r"(?<!\w)(?P<count>an?|une?|half a|two|deux|three|trois|\d+)[ ](?P<name>"
    + "|".join(_SCORES)
    + rf")s?(?:[ ](?:of |de |d['’])?{_UNIT}|(?<=fortnight)|(?<=fortnights)|(?=\W|$))",
    re.IGNORECASE,
)
_IN = re.compile(
    r"(?<![\w.,])(?P<part>\d{1,3}|one|un|une|two|deux|three|trois|four|quatre|five|cinq|nine|neuf)"
    r"[ ](?:in|out of|sur)[ ](?P<whole>\d{1,3}(?:[,. \u00a0\u202f]\d{3})*|ten|dix|twenty|vingt|"
    r"hundred|cent|three|trois|four|quatre|five|cinq)(?=[ .,;)]|$)(?![.,]\d|[ ]%)",
    re.IGNORECASE,
)
_COUNTS = {"a": 1.0, "an": 1.0, "one": 1.0, "un": 1.0, "une": 1.0, "half a": 0.5, "cent": 100.0}


@dataclass(frozen=True, slots=True)
class Worded:
    """A quantity in words: its value in the unit of its kind, how exact it is, and that unit."""

    span: Span
    value: float
    step: float
    kind: str
    worth: float = 1.0


Reader = Callable[[re.Match[str]], Worded | None]


def worded(text: str) -> Iterator[Worded]:
    """The quantities of a text that are said in words."""
    readers: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
        *(("half demi", pattern, _and_a_half) for pattern in _AND_A_HALF),
        ("half demi", _TIMES_AND_A_HALF, _times_and_a_half),
        ("quart", _QUARTERS, _quarters),
        (" ".join(_SCORES), _SCORE, _score),
        ("in out sur", _IN, _one_in),
    )
    plain = text.lower()
    for hints, pattern, read in readers:
        if not any(hint in plain for hint in hints.split()):
            continue
        for match in pattern.finditer(text):
            found = read(match)
            if found:
                yield found


def _number(spelled: str) -> float:
    plain = spelled.lower()
    if plain in _COUNTS:
        return _COUNTS[plain]
    return SPELLED[plain] if plain in SPELLED else float(re.sub(r"\D", "", plain))


def _and_a_half(match: re.Match[str]) -> Worded:
    kind, worth = UNITS[match["unit"].lower()]
    value = (_number(match["count"]) + 0.5) * worth
    return Worded(Span(*match.span()), value, 0.5 * worth, kind, worth)


def _times_and_a_half(match: re.Match[str]) -> Worded:
    return Worded(Span(*match.span()), _number(match["count"]) + 0.5, 0.5, "")


def _quarters(match: re.Match[str]) -> Worded:
    kind, worth = UNITS[match["unit"].lower()]
    return Worded(Span(*match.span()), _number(match["count"]) * worth / 4, 60.0, kind, worth)


def _score(match: re.Match[str]) -> Worded:
    name = match["name"].lower()
    count = _number(match["count"]) * _SCORES[name]
    unit = "fortnight" if name == "fortnight" else (match["unit"] or "").lower()
    kind, worth = UNITS[unit] if unit else ("", 1.0)
    exact = name in ("dozen", "fortnight", "quinzaine", "douzaine")
    return Worded(
        Span(*match.span()), count * worth, (1.0 if exact else ROUGHLY * count) * worth, kind, worth
    )


def _one_in(match: re.Match[str]) -> Worded | None:
    """A share: "1 in 10" is ten percent."""
    part, whole = _number(match["part"]), _number(match["whole"])
    if not 0 < part < whole:
        return None
    value = HUNDRED * part / whole
    return Worded(Span(*match.span()), value, value / HUNDRED, "percent")
