"""The periods that a text names, in seven languages: years, quarters and months."""

from __future__ import annotations

import re

from rag.folding import unaccented

_YEAR = re.compile(r"(?:(?<!\d)|(?<=[a-zA-Z][1-4]))(?:19|20)\d\d(?!\d|[-/](?!(?:19|20)\d\d)\d{3})")
_SHORT_YEAR = re.compile(r"\b(?:fy|cy)[-' ]?(\d\d)\b", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")
_YEAR_MONTH = re.compile(r"(?<!\d)(?:19|20)\d\d[-.](0[1-9]|1[0-2])(?![^\W_])")
_QUARTER = re.compile(
    r"(?<![a-z])q([1-4])(?!\d(?!\d{3}))|(?<!\d)([1-4])q|\bt([1-4])(?=[ -]?(?:19|20)\d\d)",
    re.IGNORECASE,
)
_ORDINALS = (
    "first|1st|premier|1er|ersten?|erstes|primer|primo|primeiro|eerste",
    "second|2nd|deuxieme|2e|zweiten?|zweites|segundo|secondo|tweede",
    "third|3rd|troisieme|3e|dritten?|drittes|tercer|terzo|terceiro|derde",
    "fourth|4th|quatrieme|4e|vierten?|viertes|cuarto|quarto|vierde",
)
_SPELLED = [
    re.compile(rf"\b(?:{ordinal})[- ](?:fiscal )?(?:quarter|trimestre|quartals?|kwartaal)\b")
    for ordinal in _ORDINALS
]
_MONTHS = (
    "january janvier januar enero gennaio janeiro januari",
    "february fevrier februar febrero febbraio fevereiro februari",
    "march mars marz marzo marco maart",
    "april avril abril aprile",
    "may mai mayo maggio maio mei",
    "june juin juni junio giugno junho",
    "july juillet juli julio luglio julho",
    "august aout agosto augustus",
    "september septembre septiembre settembre setembro",
    "october octobre oktober octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december decembre dezember diciembre dicembre dezembro",
)
MONTHS = [names.split()[0].capitalize() for names in _MONTHS]  # in English
MONTH_OF = {name: f"m{at:02}" for at, names in enumerate(_MONTHS, 1) for name in names.split()}
_SAID = (
    "first second third fourth quarter fiscal year month half premier deuxieme troisieme quatrieme "
    "trimestre semestre exercice erstes zweites drittes viertes quartal halbjahr geschaftsjahr "
    "primer segundo tercer cuarto ejercicio trimestral kwartaal"
)
PERIOD_WORDS = frozenset([*_SAID.split(), *MONTH_OF])  # folded; they name no document
_CAPITALS = (  # the names that English and German write with a capital; no "May", no "Mars"
    "january february march april june july august september october november december januar "
    "februar marz mai juni juli oktober dezember"
)
_CAPITAL = frozenset(_CAPITALS.split())
_CENTURY = re.compile(r"(?:1\d|20)00s")
_CENTURIES = {
    13: "thirteenth",
    14: "fourteenth",
    15: "fifteenth",
    16: "sixteenth",
    17: "seventeenth",
    18: "eighteenth",
    19: "nineteenth",
    20: "twentieth",
}
_BEFORE = "in im en em au du de of del since until"
_IN = frozenset(_BEFORE.split())
_WORD = re.compile(r"[^\W_]+")


def periods_of(text: str) -> list[str]:
    """The years, quarters and months that a text names: "2022", "q2", "m05"."""
    years = [match.group() for match in _YEAR.finditer(text)]
    years += [f"20{match.group(1)}" for match in _SHORT_YEAR.finditer(text)]
    years += [match.group(1) for match in _DATE.finditer(text)]
    quarters = [
        f"q{match.group(1) or match.group(2) or match.group(3)}"
        for match in _QUARTER.finditer(text)
    ]
    plain = unaccented(text)
    quarters += [f"q{at}" for at, spelled in enumerate(_SPELLED, 1) if spelled.search(plain)]
    months = [f"m{match.group(1)}" for match in _YEAR_MONTH.finditer(text)]
    months += [f"m{match.group(2)}" for match in _DATE.finditer(text)]
    return list(dict.fromkeys([*years, *quarters, *months, *_months(text)]))


def _months(text: str) -> list[str]:
    """The months that are named, not what one "may" do or a planet: by what stands beside them."""
    found = []
    words = [match.group() for match in _WORD.finditer(text)]
    plain = [unaccented(word) for word in words]
    for at, (word, name) in enumerate(zip(words, plain, strict=True)):
        if name not in MONTH_OF:
            continue
        before, after = plain[at - 1] if at else "", "".join(plain[at + 1 : at + 2])
        dated = before.isdigit() or after.isdigit() or before in _IN
        if dated or (at and word[0].isupper() and name in _CAPITAL):
            found.append(MONTH_OF[name])
    return found


def is_century_of(name: str, text: str) -> bool:
    """Whether a name such as "1800s" is of a century that a folded text has: "19th century"."""
    if not _CENTURY.fullmatch(name):
        return False
    at = int(name[:2]) + 1
    ordinal = _CENTURIES.get(at, "")
    spelled = rf"|{ordinal}" if ordinal else ""
    return bool(re.search(rf"\b(?:{at}(?:st|nd|rd|th|e){spelled})[- ](?:century|siecle)", text))
