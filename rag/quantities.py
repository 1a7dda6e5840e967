"""The quantities that a text states: a value, of what kind, and how exactly.

Read in English, French, German and Spanish: "$1.577 billion", "1 577 millions d'euros", "12,9 %",
"one and a half hours", "a third". Values of one kind are in one unit, so that 90 minutes equal an
hour and a half.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.domain import Span
from rag.languages import Language
from rag.numerals import NUMERAL, ORDINALS, numeral
from rag.raised import stated
from rag.units import CENTS, CURRENCIES, MAGNITUDES, UNITS
from rag.worded import worded

LOST = 1e-9  # of a value, by floating point
GROUP = 3  # figures, between separators
MEGAWATT = ("power", 1e6)  # "mW" is a thousandth of a watt
PERCENT = frozenset({"%", "percent", "pct"})


Reading = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity and where it stands.

    `readings` are all it may be, the likeliest first, each a value in the unit of its `kind` and
    the worth of its last digit: "1,577" is 1577 in English and 1.577 in French. `scaled` says that
    a word such as "million" goes with it. The kind of a plain number is empty; `worth` is what one
    of the unit that is written is worth in the unit of the kind.
    """

    readings: tuple[Reading, ...]
    kind: str
    span: Span
    scaled: bool = False
    spelled: bool = False
    worth: float = 1.0

    def times(self, factor: float) -> Quantity:
        """The same in a unit that is so many times as large."""
        readings = tuple((value * factor, step * factor) for value, step in self.readings)
        return replace(self, readings=readings, scaled=True)


_FRACTIONS: Mapping[str, float] = {
    "half": 50.0,
    "moitié": 50.0,
    "hälfte": 50.0,
    "mitad": 50.0,
    "third": 100 / 3,
    "tiers": 100 / 3,
    "drittel": 100 / 3,
    "quarter": 25.0,
    "quart": 25.0,
    "viertel": 25.0,
    "fifth": 20.0,
    "cinquième": 20.0,
    "tenth": 10.0,
    "dixième": 10.0,
}
_SPACE = "[ \u00a0\u202f]"
_FRACTION = re.compile(
    r"(?<!\w)(?:(?P<count>one|a|an|un|une|la|le|ein|eine|die|two|deux|zwei|three|trois|drei)[ -])"
    r"(?P<name>half|moitié|hälfte|thirds?|tiers|drittel|quarters?|quarts?|viertel|fifths?|"
    r"cinquièmes?|tenths?|dixièmes?)(?= (?:of|des|de|du|der|d['’]))"
    r"|(?<!\w)(?:(?P<more>two|deux|zwei|three|trois|drei)[ -](?P<named>thirds|tiers|fifths|quarts|"
    r"cinquièmes|dixièmes)|au (?P<scaled>tiers|quart|cinquième|dixième))(?!\w)",
    re.IGNORECASE,
)
_HALF_HOUR = re.compile(
    r"\b(?:half an? (?P<unit>hour|day)|une demi-(?P<unite>heure|journée)|eine halbe "
    r"(?P<einheit>Stunde))\b",
    re.IGNORECASE,
)
_HALVED = re.compile(
    r"\b(?:(?P<half>halv(?:ed?|es|ing)|half|moitié|halbier\w+|hälfte|mitad)"
    r"|(?P<double>doubl(?:ed?|es|ing)|twice|doubl[ée]e?s?|verdoppel\w+|doble|duplic\w+)"
    r"|(?P<triple>tripl(?:ed?|es|ing)|tripl[ée]e?s?|verdreifach\w+)"
    r"|(?P<quadruple>quadrupl(?:ed?|es|ing)|quadrupl[ée]e?s?|vervierfach\w+))\b",
    re.IGNORECASE,
)
_TIMES = {"half": 50.0, "double": 200.0, "triple": 300.0, "quadruple": 400.0}
_CLOCK = re.compile(
    rf"(?<![\w.,])(?P<hours>\d{{1,2}}){_SPACE}?(?:h|hours?|heures?|hrs?|Stunden?|horas?)"
    rf"(?:{_SPACE}(?:and|et|und|y))?{_SPACE}?(?P<minutes>\d{{1,2}})"
    rf"(?!\d)(?:{_SPACE}?(?:min(?:utes?|uten|utos)?))?(?!\w)"
)
_SINGLE = re.compile(
    r"(?<!\w)(?:an?|one|per|each|every|next|un|une|par|chaque|eine?[mrn]?|pro|jede[rsnm]?|una|"
    r"por|cada)"
    r"[ -](?P<unit>year|month|week|day|hour|minute|an|année|mois|semaine|jour|heure|"
    r"Jahr|Monat|Woche|Tag|Stunde|año|mes|semana|día|hora)(?!\w)",
    re.IGNORECASE,
)
_ORDINAL = re.compile(rf"(?<!\w)(?:{'|'.join(ORDINALS)})(?!\w)", re.IGNORECASE)
_COUNTS = {"two": 2, "deux": 2, "zwei": 2, "three": 3, "trois": 3, "drei": 3}
_GAP = _SPACE
_FIGURES = (
    rf"\d{{1,3}}(?:{_GAP}\d{{3}})+(?:[.,]\d+)?|\d{{1,3}}(?:[,.'’]\d{{3}})+(?:[.,]\d+)?"
    r"|\d+(?:[.,]\d+)?"
)
_SIGNS = r"US\$|[$€£¥]"
_SIGNED = frozenset({"per cent", "pour cent", "$", "€", "£", "¥", "us$", "%", "°c", "°f"})
_NAMED = "|".join(sorted(map(re.escape, UNITS.keys() - _SIGNED), key=len, reverse=True))
_SCALES = "|".join(sorted(map(re.escape, MAGNITUDES), key=len, reverse=True))
_BETWEEN = rf"(?:{_GAP}|-|\n)?"
_OF = r"(?:d['’]|de |of )?"
_TO = re.compile(r"\s?[-–]\s?|\s(?:to|à|a|bis|and|et|und|y)\s")
_SCALE = re.compile(rf"(?<![^\W\d_])(?:{_SCALES})(?!\w)", re.IGNORECASE)
_HALF_MILLION = re.compile(
    r"\b(?:half an? (?P<scale>million|billion)|un demi-(?P<echelle>million|milliard)|"
    r"eine halbe (?P<mass>Million|Milliarde))\b",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    rf"(?<![\w.,])(?<![A-Za-z]-)(?:(?P<before>{_SIGNS}|USD|EUR|CHF|GBP){_GAP}?)?"
    rf"(?:(?P<figures>{_FIGURES})|(?P<spelled>{NUMERAL})(?!\w|-(?:first|second|third|[a-z]+th)\b))"
    rf"(?:{_BETWEEN}(?P<scale>{_SCALES})(?![\w%]))?"
    rf"(?:{_BETWEEN}(?:{_OF}(?P<sign>{_SIGNS}|%|°[CF]|per cent|pour cent)"
    rf"|{_OF}(?:US |U\.S\. |(?:calendar|business|working|consecutive|full|clear|straight) )?"
    rf"(?P<unit>{_NAMED})(?!\w)))?"
    rf"(?P<points>(?:{_GAP}|-)(?:percentage |basis )?points?|{_GAP}prozentpunkte?)?"
    r"(?!\w)(?!-[a-z]\d)",
    re.IGNORECASE,
)


def quantities(text: str, language: Language | None = None) -> list[Quantity]:
    """The quantities of a text in their order.

    In English a comma parts thousands and a point decimals, in other languages it is the other way
    round; where the `language` is not known, three figures behind either may be both. Marks of
    notes behind figures are none of them.
    """
    meant = stated(text)
    return [
        replace(each, span=Span(*meant.original(each.span.start, each.span.end)))
        for each in _quantities(meant.text, language)
    ]


def _quantities(text: str, language: Language | None) -> list[Quantity]:
    fractions = [
        Quantity(
            ((each.value, each.step),),
            each.kind,
            each.span,
            spelled=each.kind != "percent",
            worth=each.worth,
        )
        for each in worded(text)
    ]
    fractions += _apart(fractions, (_fraction(match) for match in _FRACTION.finditer(text)))
    fractions += [_clock(match) for match in _CLOCK.finditer(text)]
    fractions += [_half_hour(match) for match in _HALF_HOUR.finditer(text)]
    fractions += [_half_million(match) for match in _HALF_MILLION.finditer(text)]
    taken = [quantity.span for quantity in fractions]
    fractions += [
        _halved(match)
        for match in _HALVED.finditer(text)
        if not any(span.start < match.end() and match.start() < span.end for span in taken)
    ]
    found = [
        _read(match, language)
        for match in _QUANTITY.finditer(text)
        if not any(span.start <= match.start() < span.end for span in taken)
    ]
    ordered = sorted([*found, *fractions], key=lambda quantity: quantity.span.start)
    return [
        _ranged(text, each, after)
        for each, after in itertools.zip_longest(ordered, ordered[1:])
        if each is not None
    ]


def _ranged(text: str, each: Quantity, after: Quantity | None) -> Quantity:
    """The lower end of a range, which may be in the magnitude of the upper: "30 to 50 thousand"."""
    if after is None or not after.scaled or each.scaled or each.kind not in ("", after.kind):
        return each
    if not _TO.fullmatch(text, each.span.end, after.span.start):
        return each
    match = _SCALE.search(text, after.span.start, after.span.end)
    if match is None:
        return each
    scale = MAGNITUDES[match.group().lower()]
    scaled = tuple((value * scale, step * scale) for value, step in each.readings)
    return replace(each, readings=(*each.readings, *scaled))


def _apart(taken: Sequence[Quantity], found: Iterable[Quantity]) -> list[Quantity]:
    """Those that stand in none of what is taken."""
    spans = [quantity.span for quantity in taken]
    return [
        each
        for each in found
        if not any(it.start < each.span.end and each.span.start < it.end for it in spans)
    ]


def _read(match: re.Match[str], language: Language | None) -> Quantity:
    figures, spelled = match["figures"], match["spelled"]
    readings = _readings(figures, language) if figures else [(numeral(spelled), 1.0)]
    kind, worth = "", 1.0
    unit, end = match["unit"] or "", match.end()
    if unit in ("to", "go", "mo", "ko"):  # French bytes begin with a capital; these are words
        unit, end = (
            "",
            match.end("scale" if match["scale"] else "figures" if figures else "spelled"),
        )
    name = (match["before"] or match["sign"] or unit).lower()
    if match["points"] and (not name or name in PERCENT):
        kind, worth = "points", 0.01 if _is_basis(match) else 1.0
    elif name:
        kind, worth = MEGAWATT if unit == "MW" else UNITS[name]
        worth *= 0.01 if kind == "points" and _is_basis(match) else 1.0
    scale = MAGNITUDES[match["scale"].lower()] if match["scale"] else 1.0
    if match["scale"] in ("K", "k") and _before(match, "scale") in " \u00a0\u202f":
        scale = 1.0  # kelvin
    if match["before"] and unit.lower() == "m" and not match["scale"]:
        scale = 1e6  # "$5m"
    if scale > 1:
        readings.sort(key=lambda reading: reading[0])  # of millions one states few, and decimals
    return Quantity(
        tuple((value * worth * scale, step * worth * scale) for value, step in readings),
        kind,
        Span(match.start(), end),
        scaled=bool(match["scale"]),
        spelled=bool(spelled),
        worth=worth,
    )


def _is_basis(match: re.Match[str]) -> bool:
    """Whether points are a hundredth of a percentage point: "5 basis points"."""
    return "basis" in match.group().lower() or match.string.startswith(" de base", match.end())


def _before(match: re.Match[str], group: str) -> str:
    """The character before a group of a match."""
    start = match.start(group)
    return match.string[start - 1 : start]


def _readings(figures: str, language: Language | None) -> list[Reading]:
    """All that figures may stand for, the likeliest first."""
    plain = re.sub(rf"{_GAP}|['’]", "", figures)
    *whole, last = re.split(r"[.,]", plain)
    if not whole:
        return [(float(last), 1.0)]
    together = (float("".join([*whole, last])), 1.0)
    if len(whole) > 1 and len(set(re.findall(r"[.,]", plain))) == 1:  # 1,577,000
        return [together]
    decimal = (float(f"{''.join(whole)}.{last}"), 10.0 ** -len(last))
    if len(whole) > 1 or len(last) != GROUP or not whole[0].lstrip("0"):
        return [decimal]
    if language is None:
        return [together, decimal]
    return [together if ("," in plain) == (language is Language.ENGLISH) else decimal]


def _fraction(match: re.Match[str]) -> Quantity:
    name = (match["name"] or match["named"] or match["scaled"]).lower()
    share = _FRACTIONS.get(name) or _FRACTIONS[name.rstrip("s")]
    value = share * _COUNTS.get((match["count"] or match["more"] or "").lower(), 1)
    return Quantity(((value, 1.0),), "percent", Span(*match.span()), spelled=True)


def single(text: str) -> list[Quantity]:
    """The units of a text that stand alone, once: "a year", "une semaine"."""
    found = []
    for match in _SINGLE.finditer(text):
        kind, worth = UNITS[match["unit"].lower()]
        found.append(Quantity(((worth, worth),), kind, Span(*match.span()), spelled=True))
    return found


def ordinals(text: str) -> list[Quantity]:
    """The ordinals of a text that are spelled, as the numbers that they reach."""
    return [
        Quantity(((ORDINALS[match.group().lower()], 1.0),), "", Span(*match.span()), spelled=True)
        for match in _ORDINAL.finditer(text)
    ]


def _clock(match: re.Match[str]) -> Quantity:
    """A time in hours and minutes: "1 h 30"."""
    seconds = 3_600.0 * int(match["hours"]) + 60 * int(match["minutes"])
    return Quantity(((seconds, 60.0),), "time", Span(*match.span()), scaled=True)


def _half_hour(match: re.Match[str]) -> Quantity:
    unit = (match["unit"] or match["unite"] or match["einheit"]).lower()
    seconds = 43_200.0 if unit in ("day", "journée") else 1_800.0
    return Quantity(((seconds, 60.0),), "time", Span(*match.span()), scaled=True)


def _half_million(match: re.Match[str]) -> Quantity:
    """Half of a million, as far as its first figure: "half a million" of 492,214."""
    scale = MAGNITUDES[(match["scale"] or match["echelle"] or match["mass"]).lower()]
    return Quantity(((0.5 * scale, 0.1 * scale),), "", Span(*match.span()), scaled=True)


def _halved(match: re.Match[str]) -> Quantity:
    """What "halved", "half", "doubled" and the like stand for, in percent."""
    share = _TIMES[str(match.lastgroup)]
    return Quantity(((share, 1.0),), "percent", Span(*match.span()), spelled=True)


def same(claimed: Quantity, stated: Quantity, *, loosely: bool = False) -> bool:
    """Whether a claim's quantity is one that is stated, as exactly as the claim says it.

    What is claimed may be rounded if it keeps two figures at least, or is only claimed `loosely`.
    """
    kinds = {claimed.kind, stated.kind}
    if len(kinds) > 1 and all(kinds) and not (CENTS in kinds and kinds < CURRENCIES):
        return False
    mine, theirs = claimed.readings, stated.readings
    if not claimed.kind and stated.kind in ("months", "time"):  # "17" of "17 years of age"
        theirs = _bare(stated)
    return any(
        _equal(reading, other, claimed, loosely=loosely) for reading in mine for other in theirs
    )


def _bare(quantity: Quantity) -> tuple[Reading, ...]:
    """What a quantity may be as it is written, whatever its unit is worth."""
    return tuple(
        (value / quantity.worth, step / quantity.worth) for value, step in quantity.readings
    )


def _equal(reading: Reading, other: Reading, claimed: Quantity, *, loosely: bool) -> bool:
    (value, step), (said, said_step) = reading, other
    digits = len(f"{abs(value) / step:.0f}".rstrip("0"))
    share = claimed.spelled and claimed.kind == "percent"
    rounded = step > said_step and (digits > 1 or loosely)
    room = 0.5 * step if rounded or share else 0.0
    return abs(abs(value) - abs(said)) <= room + LOST * abs(said)
