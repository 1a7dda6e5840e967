"""What in a claim its evidence cannot carry: figures, periods, names and denials, by rules.

Similarity overrules none of this: "2021" and "2022" are alike for any embedder. What is worked out
of figures that the evidence states is worked out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.arithmetic import is_computed
from rag.folding import flowing, unaccented
from rag.identifiers import lacking
from rag.languages import SMALL_WORDS, Language, detect
from rag.periods import MONTHS, periods_of
from rag.quantities import Quantity, ordinals, quantities, same, single

MOST_COUNTED = 5  # of what is listed
TELLING_DIGITS = 3
_YEAR = re.compile(r"(?:19|20)\d\d")
_ANY_YEAR = re.compile(r"(?<![\d.,])1[4-9]\d\d(?![\d.,]*\d)")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SMALL = frozenset().union(*SMALL_WORDS.values())
_LOOSE = re.compile(
    r"\b(?:about|around|approximately|approx|roughly|nearly|almost|some|over|more than|less than|"
    r"under|below|above|close to|just|circa|upwards of|exceed\w*|at least|"
    r"environ|pres de|plus de|moins de|presque|quelque|a peine|autour de|au moins|"
    r"etwa|rund|ungefahr|knapp|fast|uber|mehr als|weniger als|"
    r"unos|unas|cerca de|casi|alrededor de|aproximadamente|mas de|menos de)\W+(?:\w+\W+)?[$€£]?$"
)
_IN_UNITS = re.compile(
    r"(?:\b(?:in|en)\s+|\()(?P<scale>thousands|millions|billions|milliers|milliards)\b"
    r"|\((?P<short>000s?|k€|m€|md€)\)"
)
_SCALES = {
    "thousands": 1e3,
    "milliers": 1e3,
    "000": 1e3,
    "000s": 1e3,
    "k€": 1e3,
    "millions": 1e6,
    "m€": 1e6,
    "billions": 1e9,
    "milliards": 1e9,
    "md€": 1e9,
}
_CHANGE = re.compile(
    r"\b(?:grew|grow|growth|rose|rise|risen|increas|fell|fall|declin|decreas|drop|up|down|differ|"
    r"more|fewer|less|higher|lower|chang|gain|total|sum|together|combin|altogether|share|percent|"
    r"per cent|ratio|averag|times|half|third|quarter|doubl|tripl|remain|left|saved?|cost|each|"
    r"every|"
    r"a (?:day|week|month|year)|daily|weekly|annual|margin|gap|rest|chaque|"
    r"hausse|baisse|augment|diminu|progress|recul|ecart|somme|ensemble|part|moyenne|fois|soit|"
    r"plus|moins|rest|stieg|sank|mehr|weniger|insgesamt|zusammen|anteil|"
    r"subio|bajo|aument|disminu|mas|menos|conjunto|suma|cuota)\w*|%"
)
_YEAR_BEFORE = re.compile(
    r"\b(?:(?:year|twelve months|12 months) (?:earlier|before|ago)|(?:previous|prior|"
    r"preceding|last) "
    r"(?:fiscal |financial )?year|prior-year|year-ago|year on year|year-over-year|previous|"
    r"an (?:dernier|passe|plus tot)|annee (?:precedente|passee|derniere)|exercice precedent|"
    r"vorjahr\w*|ano anterior|ano pasado)\b"
)
_YEAR_AFTER = re.compile(
    r"\b(?:(?:following|next|coming|subsequent) (?:fiscal |financial )?year|year (?:later|after)|"
    r"annee (?:suivante|prochaine)|an plus tard|exercice suivant|folgejahr\w*|ano siguiente)\b"
)
_AMOUNT = re.compile(r"\d+(?:[.,]\d+)?[^\W\d_]{1,3}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a claim is not what its evidence says; the reason is a phrase."""

    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words that carry a claim, and what they are read with.

    `text` carries it; `heads` are the lines above that say what the columns and units of a table
    are; `passage` is all of it.
    """

    text: str
    heads: str
    passage: str
    language: Language | None


def evidence_of(passage: str, text: str, start: int, context: str = "") -> Evidence:
    """The evidence in a text that begins at an offset of a passage, which has a context."""
    lines = [line for line in passage[:start].splitlines() if line.strip()]
    heads = [
        line
        for line in lines
        if len(_YEAR.findall(line)) > 1 or _IN_UNITS.search(unaccented(line)) or len(line) < 60
    ]
    above = "\n".join([context, *heads[-6:]])
    return Evidence(text, above, f"{context}\n{passage}", _language(passage))


@lru_cache(maxsize=256)
def _language(text: str) -> Language | None:
    return detect(text)


def faults(claim: str, evidence: Evidence) -> Iterator[Fault]:
    """What is wrong with a claim, the surest first."""
    for check in (_wrong_figure, _wrong_period, _wrong_name):
        reason = check(claim, evidence)
        if reason:
            yield Fault(reason)


def _wrong_figure(claim: str, evidence: Evidence) -> str:
    language = detect(claim) or evidence.language
    stated = _stated(evidence.text, evidence.heads, evidence.language)
    anywhere = _stated(evidence.passage, evidence.heads, evidence.language)
    changes = bool(_CHANGE.search(unaccented(claim)))
    for wanted in amounts(claim, language):
        loosely = bool(_LOOSE.search(unaccented(claim[: wanted.span.start])))
        if any(same(wanted, each, loosely=loosely) for each in stated):
            continue
        if any(same(wanted, each, loosely=loosely) for each in anywhere):
            continue
        if (changes or _is_precise(wanted)) and is_computed(wanted, anywhere):
            continue
        if wanted.kind == "months" and _is_between_years(wanted, evidence):
            continue
        if wanted.spelled and _is_soft(wanted, evidence):
            continue
        return _instead(
            claim, wanted, [each for each in stated if each.kind == wanted.kind], evidence
        )
    return ""


@lru_cache(maxsize=512)
def _periods(text: str) -> tuple[str, ...]:
    return tuple(periods_of(text))


@lru_cache(maxsize=256)
def _plain(text: str) -> str:
    return unaccented(text)


def _is_between_years(wanted: Quantity, evidence: Evidence) -> bool:
    """Whether so many years lie between two that are stated."""
    years = {int(period) for period in _periods(evidence.passage) if period.isdigit()}
    years |= {int(year) for year in _ANY_YEAR.findall(evidence.passage)}
    return any(12 * (b - a) == wanted.readings[0][0] for a in years for b in years)


def _is_precise(wanted: Quantity) -> bool:
    """Whether a figure has three digits that tell, so that it is not come by through chance."""
    value, step = wanted.readings[0]
    return len(f"{abs(value) / step:.0f}".rstrip("0")) >= TELLING_DIGITS


def _is_soft(wanted: Quantity, evidence: Evidence) -> bool:
    """Whether a spelled number may be said without being stated.

    It may count what is listed ("two plants", "three reasons"), be an ordinal in the evidence
    ("eleventh"), or compare in words: "half", "doubled".
    """
    value = wanted.readings[0][0]
    if wanted.kind == "percent":
        return True
    if not wanted.kind and value <= MOST_COUNTED:
        return True
    return any(each.readings[0][0] == value for each in ordinals(evidence.passage))


@lru_cache(maxsize=256)
def _stated(text: str, heads: str, language: Language | None) -> list[Quantity]:
    """The amounts of a text, those of a table in its unit as well."""
    found = amounts(text, language)
    scales = {
        _SCALES[name]
        for match in _IN_UNITS.finditer(unaccented(f"{heads}\n{text}"))
        if (name := match["scale"] or match["short"]) in _SCALES
    }
    scaled = [each.times(scale) for each in found if not each.scaled for scale in scales]
    return [*found, *scaled, *single(text)]


@lru_cache(maxsize=1024)
def amounts(text: str, language: Language | None) -> tuple[Quantity, ...]:
    """The quantities of a text without its years."""
    return tuple(
        each
        for each in quantities(text, language)
        if each.kind or each.scaled or not _YEAR.fullmatch(text[each.span.start : each.span.end])
    )


def _instead(
    claim: str, wanted: Quantity, of_its_kind: Sequence[Quantity], evidence: Evidence
) -> str:
    said = claim[wanted.span.start : wanted.span.end]
    for each in of_its_kind:
        shown = evidence.text[each.span.start : each.span.end]
        if shown:
            return f"the source says {flowing(shown)}, not {said}"
    return f"the source does not say {said}"


def _wrong_period(claim: str, evidence: Evidence) -> str:
    claimed = set(periods_of(claim)) - _told_by_word(evidence.passage)
    near = set(_periods(f"{evidence.heads}\n{evidence.text}"))
    anywhere = set(_periods(evidence.passage))
    for period in sorted(claimed - anywhere):
        rivals = {each for each in near if each[0] == period[0] or period[0] + each[0] in "1221"}
        if rivals:
            return f"the source says {_named(min(rivals))}, not {_named(period)}"
        return f"the source does not say {_named(period)}"
    return ""


def _told_by_word(passage: str) -> set[str]:
    """The years that a text speaks of by a word: the one before 2023 in "a year earlier"."""
    plain = _plain(passage)
    years = [int(period) for period in _periods(passage) if period.isdigit()]
    before = [str(year - 1) for year in years] if _YEAR_BEFORE.search(plain) else []
    after = [str(year + 1) for year in years] if _YEAR_AFTER.search(plain) else []
    return {*before, *after}


def _named(period: str) -> str:
    return MONTHS[int(period[1:]) - 1] if period[0] == "m" else period.upper()


def _wrong_name(claim: str, evidence: Evidence) -> str:
    whole = _plain(evidence.passage)
    missing = {
        name
        for name in lacking(claim, [evidence.passage])
        if not _AMOUNT.fullmatch(name) and not _is_counted(name, whole)
    }
    if missing:
        return f"the source does not name {min(missing)}"
    for name in names_in(claim):
        if not _is_named(unaccented(name), whole):
            return f"the source does not name {name}"
    return ""


def _is_counted(name: str, whole: str) -> bool:
    """Whether a name with a space is only a word and a figure: "At 8", "May 2"."""
    word, _, figure = unaccented(name).partition(" ")
    return bool(figure) and (word in _SMALL or word in _PERIOD_WORDS or word not in whole)


def _is_named(name: str, text: str) -> bool:
    """Whether a text has a name, or one that it is short for or derived from."""
    if name in text or name.replace("-", " ") in text.replace("-", " "):
        return True
    stem = name[: max(4, len(name) - 3)]
    if len(name) > 5 and re.search(rf"\b{re.escape(stem)}", text):
        return True
    return len(name) <= 5 and name.isalpha() and bool(_initials(name, text))


def _initials(name: str, text: str) -> re.Match[str] | None:
    """The words of which a name is made of the first letters."""
    between = r"\w*\W+(?:(?:of|and|the|for|de|des|du|et|la|und|der|y)\W+)*"
    return re.search(rf"\b{between.join(name)}", text) if len(name) > 1 else None


def names_in(text: str) -> list[str]:
    """The words that are written like names, those that begin a sentence aside."""
    found = []
    begins = True
    end = 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        begins = begins or any(mark in between for mark in '.?!:;\n“"')
        word = re.sub(r"['’]s?$", "", match.group())
        bare = re.sub(r"^[dlqnsDLQNS]['’]", "", word)
        if bare[:1].isupper() and (not begins or bare.isupper()) and len(bare) > 1:
            found.append(bare)
        begins = False
        end = match.end()
    plain = [(name, unaccented(name)) for name in found if not name.isdigit()]
    return [name for name, folded in plain if folded not in _SMALL and not _is_period(folded)]


def _is_period(word: str) -> bool:
    return word in _PERIOD_WORDS


_PERIOD_WORDS = frozenset(
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "fy",
        "q1",
        "q2",
        "q3",
        "q4",
        "h1",
        "h2",
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
    ]
)
