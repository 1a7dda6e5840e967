"""Claims made of true ones by rules: some that still hold, and some that hold no more.

A rule that changes words stands on both sides, so that an edit by itself tells nothing: a word is
replaced by one of its own group in what still holds, by one of the opposite group in what does not.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from pathlib import Path

from rag.periods import MONTHS

GROUPS = Path(__file__).with_name("groups.txt")
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,  ]\d+)*(?![\w])")
_YEAR = re.compile(r"(?<![\w.,])(?:1[5-9]|20)\d\d(?![\w.,]*\d)")
_NAME = re.compile(r"[A-ZÀ-Ý][\w'’-]+(?:\s(?:(?:de|of|the|du|la|van|von|der)\s)?[A-ZÀ-Ý][\w'’-]+)*")
_MONTHS = (
    MONTHS,
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
)
_ORDERED = (
    *_MONTHS,
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    ["first", "second", "third", "fourth", "fifth"],
    ["premier", "deuxième", "troisième", "quatrième"],
    ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
    ["deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"],
    ["zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"],
    ["dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"],
    ["third", "quarter", "half"],
    ["hours", "days", "weeks", "months", "years"],
    ["hour", "day", "week", "month", "year"],
    ["heures", "jours", "semaines", "mois", "ans"],
    ["million", "billion", "trillion"],
    ["millions", "milliards"],
    ["mg", "g", "kg"],
    ["mm", "cm", "m", "km"],
    ["dollars", "euros", "pounds"],
    ["$", "€", "£"],
    ["Q1", "Q2", "Q3", "Q4"],
)
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|will|can|could|may|must|should|would|does|do|did)\b(?! "
    r"not|n't)"
)
_NOT = re.compile(r"\b(is|are|was|were|has|have|had|will|can|could|may|must|should|would) not\b")
_FRENCH_VERB = re.compile(
    r"\b(est|sont|était|étaient|a|ont|avait|peut|peuvent|doit|doivent|sera|seront)\b(?! pas)"
)
_WIDER = (
    (r"\bsome\b", "all"), (r"\bmost\b(?= of| [a-z]+s\b)", "all"), (r"\bmany\b", "all"),
    (r"\bseveral\b", "all"), (r"\bmay\b", "will"), (r"\bmight\b", "will"), (r"\bcan\b", "always"),
    (r"\busually\b", "always"), (r"\bgenerally\b", "always"), (r"\boften\b", "always"),
    (r"\bsometimes\b", "always"), (r"\bnearly all\b", "all"), (r"\balmost all\b", "all"),
    (r"\bnearly\b", "more than"), (r"\balmost\b", "more than"), (r"\bup to\b", "at least"),
    (r"\bexpects to\b", "will"), (r"\bexpected to\b", "certain to"), (r"\bplans to\b", "will"),
    (r"\bsuggests?\b", "proves"), (r"\bone of the\b", "the"), (r"\bpartly\b", "entirely"),
    (r"\bassociated with\b", "caused by"), (r"\blikely\b", "certainly"),
    (r"\bthree of\b", "all of"),
    (r"\bcertains\b", "tous les"), (r"\bcertaines\b", "toutes les"),
    (r"\bla plupart des\b", "tous les"),
    (r"\bplusieurs\b", "tous les"), (r"\bpeut\b", "va"), (r"\bgénéralement\b", "toujours"),
    (r"\bsouvent\b", "toujours"), (r"\bpresque\b", "plus de"), (r"\bjusqu'à\b", "au moins"),
    (r"\bmanche\b", "alle"), (r"\bmeist\b", "immer"), (r"\balgunos\b", "todos los"),
    (r"\bmuchos\b", "todos los"), (r"\bpuede\b", "va a"),
)  # fmt: skip
_LIMITS = re.compile(
    r",? (?:except|unless|provided that|only if|if|when|where|subject to|among|in (?:this|the) "
    r"(?:study|trial|sample)|sauf|à condition|lorsque|si)\b[^,.;]{4,80}(?=[,.;])"
)


def _groups() -> list[tuple[list[str], list[str]]]:
    rows = []
    for line in GROUPS.read_text("utf-8").splitlines():
        if "|" in line and not line.startswith("#"):
            one, other = line.split("|")
            rows.append(
                ([w.strip() for w in one.split(",")], [w.strip() for w in other.split(",")])
            )
    return rows


SIDES = [side for pair in _groups() for side in (pair, pair[::-1])]
_FINDERS = [
    (re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, own))})(?![\w-])"), own, other)
    for own, other in SIDES
]


def kept(claim: str, chance: random.Random) -> str | None:
    """The claim with a word replaced by one of its group, or a figure in another form; if any."""
    ways = [_synonym, _figures_written, _synonym, _shorter]
    chance.shuffle(ways)
    return next((made for way in ways if (made := way(claim, chance)) and made != claim), None)


def broken(
    claim: str, passage: str, others: Sequence[str], chance: random.Random
) -> tuple[str, str] | None:
    """A kind of fault and the claim with it; None where no rule applies.

    Args:
        claim: what the passage says.
        passage: where it is said, which gives names and figures to mistake.
        others: sentences about other things.
        chance: what chooses.
    """
    ways = [
        ("number", _other_number), ("number", _other_number), ("period", _other_of_order),
        ("entity", _other_name), ("entity", _other_name), ("entity", _swapped_names),
        ("negation", _opposite), ("negation", _opposite), ("negation", _negated),
        ("overgeneralised", _wider), ("overgeneralised", _unlimited), ("half_true", _and_more),
    ]  # fmt: skip
    chance.shuffle(ways)
    for kind, way in ways:
        made = way(claim, passage, others, chance)
        if made and made != claim and made not in passage:
            return kind, made
    return None


def _synonym(claim: str, chance: random.Random) -> str | None:
    found = [(m, own) for finder, own, _ in _FINDERS for m in finder.finditer(claim)]
    found = [(m, own) for m, own in found if len(own) > 1]
    if not found:
        return None
    match, own = chance.choice(found)
    word = chance.choice([each for each in own if each != match.group()])
    return claim[: match.start()] + word + claim[match.end() :]


def _figures_written(claim: str, chance: random.Random) -> str | None:
    words = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ]
    for match in re.finditer(r"(?<![\w.,$€£-])(\d{1,2})(?![\w.,%-]*\d|\s?%)", claim):
        if 1 < int(match[1]) <= 12 and not re.match(
            r"\s(?:\w{3,9} )?(?:1|2)\d{3}", claim[match.end() :]
        ):
            return claim[: match.start()] + words[int(match[1])] + claim[match.end() :]
    match = re.search(r"(\d+(?:\.\d+)?)\s?%", claim)
    if match:
        return claim[: match.start()] + match[1] + " percent" + claim[match.end() :]
    match = re.search(r"(\d),(\d{3}) million", claim)
    if match:
        value = f"{match[1]}.{match[2]}".rstrip("0").rstrip(".")
        return claim[: match.start()] + f"{value} billion" + claim[match.end() :]
    match = re.search(r"(\d)\.(\d{1,3}) billion", claim)
    if match:
        return (
            claim[: match.start()]
            + f"{match[1]},{match[2].ljust(3, '0')} million"
            + claim[match.end() :]
        )
    return None


def _shorter(claim: str, chance: random.Random) -> str | None:
    """Without what stands in brackets, or without a first phrase."""
    made = re.sub(r" \([^()]{3,60}\)", "", claim)
    if made != claim:
        return made
    match = re.match(r"(?:In|On|At|During|By|En|Le|Au) [^,]{3,40}, (\w)", claim)
    return claim[match.start(1)].upper() + claim[match.start(1) + 1 :] if match else None


def _other_number(
    claim: str, passage: str, others: Sequence[str], chance: random.Random
) -> str | None:
    numbers = list(_NUMBER.finditer(claim))
    if not numbers:
        return _other_of_order(claim, passage, others, chance)
    match = chance.choice(numbers)
    said = match.group()
    rivals = [n for n in _NUMBER.findall(passage) if n != said and n not in claim]
    rivals = [n for n in rivals if bool(_YEAR.fullmatch(n)) == bool(_YEAR.fullmatch(said))]
    if rivals and chance.random() < 0.5:
        new = chance.choice(rivals)
    elif _YEAR.fullmatch(said):
        new = str(int(said) + chance.choice([-10, -3, -2, -1, 1, 2, 3, 10]))
    else:
        at = chance.choice([i for i, c in enumerate(said) if c.isdigit()])
        digit = chance.choice([d for d in "123456789" if d != said[at]])
        new = said[:at] + digit + said[at + 1 :]
    return claim[: match.start()] + new + claim[match.end() :]


def _other_of_order(
    claim: str, passage: str, others: Sequence[str], chance: random.Random
) -> str | None:
    found = []
    for row in _ORDERED:
        for word in row:
            edge = r"(?!\w)" if word[-1].isalnum() else ""
            found += [(m, row) for m in re.finditer(rf"(?<!\w){re.escape(word)}{edge}", claim)]
    if not found:
        return None
    match, row = chance.choice(found)
    new = chance.choice([word for word in row if word != match.group()])
    return claim[: match.start()] + new + claim[match.end() :]


def _names(text: str) -> list[re.Match[str]]:
    return [m for m in _NAME.finditer(text) if m.start() or " " in m.group()]


def _other_name(
    claim: str, passage: str, others: Sequence[str], chance: random.Random
) -> str | None:
    mine = _names(claim)
    if not mine:
        return None
    match = chance.choice(mine)
    there = {m.group() for m in _names(passage)} - {m.group() for m in mine}
    there = {name for name in there if name not in claim and match.group() not in name}
    elsewhere = {m.group() for other in others for m in _names(other)}
    elsewhere = {name for name in elsewhere if name not in passage}
    pool = there if there and chance.random() < 0.7 else elsewhere or there
    if not pool:
        return None
    alike = [n for n in pool if (" " in n) == (" " in match.group())] or list(pool)
    return claim[: match.start()] + chance.choice(sorted(alike)) + claim[match.end() :]


def _swapped_names(
    claim: str, passage: str, others: Sequence[str], chance: random.Random
) -> str | None:
    mine = _names(claim)
    for one, other in itertools.pairwise(mine):
        between = claim[one.end() : other.start()].strip()
        if len(between.split()) >= 2 and not re.search(r"\b(?:and|et|und|y|or|with)\b", between):
            return (
                claim[: one.start()] + other.group() + claim[one.end() : other.start()]
                + one.group() + claim[other.end() :]
            )  # fmt: skip
    return None


def _opposite(claim: str, passage: str, others: Sequence[str], chance: random.Random) -> str | None:
    found = [(m, other) for finder, _, other in _FINDERS for m in finder.finditer(claim)]
    if not found:
        return None
    match, other = chance.choice(found)
    return claim[: match.start()] + chance.choice(other) + claim[match.end() :]


def _negated(claim: str, passage: str, others: Sequence[str], chance: random.Random) -> str | None:
    if _NOT.search(claim):
        return _NOT.sub(r"\1", claim, count=1)
    match = _AUXILIARY.search(claim)
    if match:
        return claim[: match.end()] + chance.choice([" not", " never"]) + claim[match.end() :]
    match = _FRENCH_VERB.search(claim)
    if match and re.search(r"\b(?:le|la|les|des|du|un|une)\b", claim):
        ne = "n'" if match[1][0] in "aeéo" else "ne "
        return claim[: match.start()] + f"{ne}{match[1]} pas" + claim[match.end() :]
    return None


def _wider(claim: str, passage: str, others: Sequence[str], chance: random.Random) -> str | None:
    rules = list(_WIDER)
    chance.shuffle(rules)
    for pattern, new in rules:
        made = re.sub(pattern, new, claim, count=1)
        if made != claim:
            return made
    return None


def _unlimited(
    claim: str, passage: str, others: Sequence[str], chance: random.Random
) -> str | None:
    made = _LIMITS.sub("", claim, count=1)
    return made if made != claim and len(made) > 20 else None


def _and_more(claim: str, passage: str, others: Sequence[str], chance: random.Random) -> str | None:
    """A true statement, and another that is made up: the predicate of a sentence from elsewhere."""
    predicates = [
        match[1]
        for other in others
        if (match := re.match(r"(?:It|He|She|They|Il|Elle) ((?:\S+ ){2,14}\S+?)\.?$", other))
    ]
    if not predicates:
        return None
    joint = chance.choice([" and ", ", and ", " but ", ", which "])
    return claim.rstrip(". ") + joint + chance.choice(predicates) + "."
