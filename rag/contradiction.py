"""What in a claim its evidence cannot carry: figures, periods, names and denials, by rules.

Similarity overrules none of this: "2021" and "2022" are alike for any embedder. What is worked out
of figures that the evidence states is worked out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.amounts import amounts
from rag.derived import is_disproved
from rag.folding import flowing, unaccented
from rag.identifiers import lacking
from rag.languages import SMALL_WORDS, Language, detect
from rag.nations import names_of_nation, with_letters
from rag.periods import MONTHS, is_century_of, periods_of
from rag.quantities import Quantity, ordinals, same, single
from rag.worked_out import is_label, is_worked_out

TWICE = 200.0  # percent
MOST_COUNTED = 5  # of what is listed
_DAYS = {
    name: day
    for day, names in (
        ("monday", "mon lun"),
        ("tuesday", "tue mar"),
        ("wednesday", "wed mer"),
        ("thursday", "thu jeu"),
        ("friday", "fri ven"),
        ("saturday", "sat sam"),
        ("sunday", "sun dim"),
    )
    for name in names.split()
}
_WEEKDAY = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:lun|mar|mercre|jeu|vendre|same)dis?|"
    r"dimanches?)\b"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_OLD_YEAR = re.compile(r"1[0-8]\d\d")
_IN = re.compile(r"\b(?:in|since|by|from|until|of|en|depuis|des|de|jusqu'en|vers)\s+$")
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
_SIGN_APART = re.compile(
    r"(?<!\d)(?<!\d[ \u00a0\u202f])%|percentage|pour cent|\bper ?cent|in percent|"
    r"\d (?:to|and|or|à|et|ou|-|–) \d[\d.,]*[ \u00a0\u202f]?%|\d[-–]\d[\d.,]*[ \u00a0\u202f]?%"
)
_HYPHENED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
_VERSION = re.compile(r"(?P<word>[^\W\d]+) (?P<figure>\d+(?:\.\d+)*)")
_AMOUNT = re.compile(
    r"\d+(?:[.,]\d+)?[^\W\d_]{1,3}|(?:under-)?\d+(?:s|-(?:years?|months?|days?|weeks?|hours?|points?)"
    r"(?:-olds?)?)"
)


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
    for wanted in amounts(claim, language):
        loosely = bool(_LOOSE.search(unaccented(claim[: wanted.span.start])))
        if any(same(wanted, each, loosely=loosely) for each in _alike(wanted, anywhere, evidence)):
            continue
        if not _is_old_year(wanted, claim) and is_worked_out(
            wanted, claim, evidence.passage, anywhere
        ):
            continue
        if wanted.spelled and _is_soft(wanted, claim, evidence):
            continue
        return _instead(
            claim, wanted, [each for each in stated if each.kind == wanted.kind], evidence
        )
    return ""


def _is_old_year(wanted: Quantity, claim: str) -> bool:
    """Whether a figure is a year before 1900, which follows from nothing: "in 1867"."""
    said = claim[wanted.span.start : wanted.span.end]
    return bool(_OLD_YEAR.fullmatch(said) and _IN.search(claim[: wanted.span.start].lower()))


def _alike(wanted: Quantity, stated: Sequence[Quantity], evidence: Evidence) -> Sequence[Quantity]:
    """The amounts that may be a claim's; a bare one is a share where the sign stands apart."""
    if wanted.kind:
        stated = [each for each in stated if not is_label(evidence.passage, each)]
    if wanted.kind != "percent" or _SIGN_APART.search(f"{evidence.heads}\n{evidence.passage}"):
        return stated
    return [each for each in stated if each.kind]


@lru_cache(maxsize=512)
def _periods(text: str) -> tuple[str, ...]:
    return tuple(periods_of(text))


@lru_cache(maxsize=256)
def _plain(text: str) -> str:
    return with_letters(unaccented(text))


def _is_multiplied(evidence: Evidence) -> bool:
    """Whether the evidence says itself how many times as much something is: "tripled"."""
    return any(
        each.spelled and each.kind == "percent" and each.readings[0][0] >= TWICE
        for each in amounts(evidence.text, evidence.language)
    )


def _is_soft(wanted: Quantity, claim: str, evidence: Evidence) -> bool:
    """Whether a spelled number may be said without being stated.

    It may count what is listed ("two plants", "three reasons"), be an ordinal in the evidence
    ("eleventh"), or compare in words: "half", "doubled".
    """
    value = wanted.readings[0][0] / wanted.worth
    if wanted.kind == "percent":
        return not _is_multiplied(evidence) and not is_disproved(wanted, claim, evidence.passage)
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
    days, named = _weekdays(claim), _weekdays(evidence.passage)
    if named and days - named:
        return f"the source says {min(named).capitalize()}, not {min(days - named).capitalize()}"
    claimed = set(periods_of(claim)) - _told_by_word(evidence.passage)
    near = set(_periods(f"{evidence.heads}\n{evidence.text}"))
    anywhere = set(_periods(evidence.passage))
    for period in sorted(claimed - anywhere):
        rivals = {each for each in near if each[0] == period[0] or period[0] + each[0] in "1221"}
        if rivals:
            return f"the source says {_named(min(rivals))}, not {_named(period)}"
        return f"the source does not say {_named(period)}"
    return ""


@lru_cache(maxsize=512)
def _weekdays(text: str) -> frozenset[str]:
    """The days of the week that a text names, in English."""
    return frozenset(_DAYS[match.group()[:3]] for match in _WEEKDAY.finditer(unaccented(text)))


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
        if not _AMOUNT.fullmatch(name)
        and not _is_counted(name, whole)
        and not _is_version(name, whole)
        and not is_century_of(name, whole)
    }
    if missing:
        return f"the source does not name {min(missing)}"
    if Language.GERMAN in (detect(claim), evidence.language):
        return ""  # it writes every noun like a name
    for name in _hyphened(names_in(with_letters(claim)), claim):
        if not _is_named(unaccented(name), whole):
            return f"the source does not name {name}"
    return ""


def _hyphened(names: Sequence[str], claim: str) -> list[str]:
    """Names, and in place of parts of one that hyphens join, such as "Pays-Bas", the whole."""
    whole = [match.group() for match in _HYPHENED.finditer(claim)]
    parts = {part for name in whole for part in name.split("-")}
    return [
        *(name for name in whole if name.split("-")[0] in names),
        *(n for n in names if n not in parts),
    ]


def _is_counted(name: str, whole: str) -> bool:
    """Whether a name with a space is only a word and a figure: "At 8", "May 2"."""
    word, _, figure = unaccented(name).partition(" ")
    return bool(figure) and (word in _SMALL or word in _PERIOD_WORDS or word not in whole)


def _is_version(name: str, whole: str) -> bool:
    """Whether a name is a word and a figure of a text: "clause 9" of "clauses 5, 9"."""
    found = _VERSION.fullmatch(unaccented(name))
    if not found or found["word"] not in whole:
        return False
    figure = rf"(?<![\w.]){re.escape(found['figure'])}(?!\w|\.\d)"
    if "." in found["figure"]:
        return bool(re.search(figure, whole))
    listed = rf"\b{re.escape(found['word'])}s? (?:[\d.]+(?:,| and| et| or| ou| to) ?)*{figure}"
    return bool(re.search(listed, whole))


def _is_named(name: str, text: str) -> bool:
    """Whether a text has a name, or one that it is short for or derived from."""
    if name in text or name.replace("-", " ") in text.replace("-", " "):
        return True
    if names_of_nation(name) & _words_of(text):
        return True
    stem = name[: max(4, len(name) - 3)]
    if len(name) > 5 and re.search(rf"\b{re.escape(stem)}", text):
        return True
    return len(name) <= 5 and name.isalpha() and bool(_initials(name, text))


@lru_cache(maxsize=256)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text))


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
