"""Names with figures in them: "8x22B", "mistral-large-2411", "Llama 3", "FY2022".

Words that mean nearly the same are near each other for an embedder, and so are the names of two
versions of one thing, which a reader must not confuse. What tells them apart is compared here as
it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.folding import flowing

_NAME = re.compile(r"\w+(?:[-.,/]\w+)*")
_SMALL_NUMBER = re.compile(r"[1-9]\d?(?:\.\d+)?")
_YEAR = re.compile(r"(?:fy|cy|h[12]|q[1-4])?[-' ]?((?:19|20)\d\d)")
_IS_NAME = re.compile(r"[^\W\d_].*\d|\d.*[^\W\d_]")
_NUMERIC = re.compile(  # "2016/679", no date and no run of years
    r"(?!\d{4}[-/]\d\d(?:[-/]\d\d)?$|(?:19|20)\d\d[-/](?:19|20)\d\d$)(?=(?:\D*\d){5})\d+(?:[-/]\d+)+"
)
_PERIOD = re.compile(r"(?:[fhq][1-4]|[1-4][hq]|[fc]y)[-' ]?(?:\d\d|\d{4})?")
_FIGURES = re.compile(r"\d+")


def identifiers(text: str) -> frozenset[str]:
    """The identifiers of a text, folded: names that hold a figure, years, and numbered names.

    A bare amount ("46.7", "1,000") is none: a question that names one asks about it.
    """
    found: set[str] = set()
    before = ""
    for match in _NAME.finditer(flowing(text).replace("×", "x")):
        word = match.group().casefold()
        year = _YEAR.fullmatch(word)
        if year:
            found.add(year.group(1))
        elif any(letter.isdigit() for letter in word):
            if any(letter.isalpha() for letter in word) or _NUMERIC.fullmatch(word):
                found.add(word)
            elif _SMALL_NUMBER.fullmatch(word) and before[:1].isupper():
                found.add(f"{before.casefold()} {word}")
        before = match.group()
    return frozenset(found)


def names(text: str) -> frozenset[str]:
    """Those identifiers that are never said otherwise, unlike a year or "Q2"."""
    return frozenset(
        name
        for name in identifiers(text)
        if (_IS_NAME.search(name) or _NUMERIC.fullmatch(name)) and not _PERIOD.fullmatch(name)
    )


def lacking(question: str, texts: Iterable[str]) -> frozenset[str]:
    """The names with figures of a question that none of the texts has ("10-Q" is in "10Q" too)."""
    known = {_compact(name) for text in texts for name in names(text.replace("_", " "))}
    return frozenset(name for name in names(question) if _compact(name) not in known)


def _compact(name: str) -> str:
    return name.replace("-", "")


def contradicts(asked: frozenset[str], said: frozenset[str]) -> bool:
    """Whether a text names a sibling of what was asked, and not the thing itself.

    Siblings are built alike but for their figures ("8x7b", "8x22b"; "2021", "2022"), or are
    hyphenated names that begin with the same word ("mistral-large-2512", "mistral-medium-3-5").
    """
    for name in asked:
        siblings = {other for other in said if _shape(other) == _shape(name)}
        if siblings and name not in siblings:
            return True
    return False


def _shape(name: str) -> str:
    if "-" in name and name[0].isalpha():
        return name.partition("-")[0] + "-"
    return _FIGURES.sub("#", name)
