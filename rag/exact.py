"""Words that only count whole: numbers, identifiers, and phrases in quotation marks.

A word index splits "10-K", "$1,577" and "2016/679" into pieces that are common elsewhere. Here each
gets a word of its own, the same however it is written: 1,577 and 1 577 are 1577, 46,7 is 46.7. So
does a number with the word before it ("article 17", "Q2 2023").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.languages import SMALL_WORDS
from rag.raised import spaced

_LABELS = (
    "§ article art artikel articulo articolo artigo section sec clause chapter chapitre kapitel "
    "annex annexe anhang anexo schedule rule regel table tableau tabelle tabla figure item "
    "paragraph absatz abs recital step error fehler erreur"
)
LABELS = frozenset(_LABELS.split())
SHORT_CODE, LONG_NUMBER = 3, 3  # letters and figures of what is one code with a space inside
LONGEST = 40  # characters; what is longer is no number that anyone asks for
_DIGIT = re.compile(r"\d")
_GROUPED = re.compile(r"(\d{1,3}(?:([,.'’])\d{3})(?:\2\d{3})*)(?:[.,](\d+))?")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONG = re.compile(r"\d{4,}(?:\.\d+)?|\d{3,}\.\d+")
_PLAIN = re.compile(r"(?<![\w.,])\d{4,}(?![\w]|[.,]\d)")
_FIRST_GROUP, _NEXT_GROUP = re.compile(r"\d{1,3}"), re.compile(r"\d{3}")
_NUMBERED = re.compile(r"\b([^\W\d_]{2,}) (\d{1,6})(?![\w]|[.,]\d)")
_AROUND = "\"'“”„«»‘’‹›.,;:!?[]{}<>|*_=$€£¥%"
_CURRENCY = re.compile(r"(?:us|ca?|au?|nz|hk|s)(?=[$€£¥])")
_CODE = re.compile(r"[a-z]{1,6}-\d{1,8}[a-z]?|\d{1,6}-[a-z]{1,3}")
_BRACKETED = re.compile(r"(?<!\S)(\([^\W\d_]{1,6}\))(?=\d)")
_SAME = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"×": "x", "⁄": "/"})
_QUOTED = re.compile(r'"([^"]+)"|[“„”]([^“”„]+)[“”]|«([^«»]+)»|»([^«»]+)«')
_SMALL = frozenset().union(*SMALL_WORDS.values())


def exact_words(text: str) -> list[str]:
    """The numbers and identifiers of a text, each as one word, in order.

    Letters are in lower case. What a word index holds whole anyway is left out ("8x22b").
    """
    found: list[str] = []
    groups: list[str] = []
    before = ""
    for piece in _BRACKETED.sub(r"\1 ", spaced(text)).split():
        if piece.isalpha() or not _DIGIT.search(piece):
            if groups:
                found += _joined(groups)
                groups = []
            before = piece
            continue
        core, forms = _read(piece)
        if groups and not _NEXT_GROUP.fullmatch(core):
            found += _joined(groups)
            groups = []
        if groups or _FIRST_GROUP.fullmatch(core):
            groups.append(core)
        found += [form for form in forms if not form.isalnum() or form != core]
        found += _with_word_before(before, forms)
        before = piece
    return found + _joined(groups)


def telling_numbers(text: str) -> list[str]:
    """What of a text's numbers may tell of one thing: a numbered part ("§ 7"), four figures."""
    words = [*exact_words(text), *_PLAIN.findall(text)]
    return [
        word
        for word in dict.fromkeys(words)
        if word.partition("_")[0] in LABELS or (_LONG.fullmatch(word) and not _YEAR.fullmatch(word))
    ]


def numbered_names(text: str) -> list[str]:
    """The names of a text with their numbers, but years ("Metro 050"), as they are indexed."""
    found: list[str] = []
    for name, number in _NUMBERED.findall(text):
        if name[0].isupper() and not _YEAR.fullmatch(number):
            found += _with_word_before(name, (number,))
    return found


def other_forms(words: Sequence[str]) -> list[str]:
    """How the codes among exact words are written as well: "10K" for "10-K", "KX4711"."""
    found = [word.replace("-", "") for word in words if _CODE.fullmatch(word)]
    for word in words:
        letters, _, figures = word.partition("_")
        if len(letters) <= SHORT_CODE and figures.isdecimal() and len(figures) >= LONG_NUMBER:
            found.append(letters + figures)
    return found


def quoted_phrases(text: str) -> list[str]:
    """What stands in double quotation marks of any shape, in order."""
    phrases = (next(filter(None, match.groups())) for match in _QUOTED.finditer(text))
    return [phrase for phrase in phrases if not phrase.isspace()]


def without_quoted(text: str) -> str:
    """The text with what `quoted_phrases` gives left out."""
    return _QUOTED.sub(" ", text)


def _core(piece: str) -> str:
    core = piece.translate(_SAME).lower().strip(_AROUND)
    core = _CURRENCY.sub("", core, count=1) if _CURRENCY.match(core) else core
    if core.startswith("(") and "(" not in core[1:]:
        core = core[1:].rstrip(")" + _AROUND)
    if core.endswith(")") and "(" not in core:
        core = core.rstrip(")")
    return core.lstrip("§#(-+~" + _AROUND).rstrip("-+" + _AROUND)[:LONGEST]


@lru_cache(maxsize=65_536)
def _read(piece: str) -> tuple[str, tuple[str, ...]]:
    core = _core(piece)
    return core, tuple(_forms(core))


def _forms(core: str) -> list[str]:
    """How a number or identifier is indexed: in one form, or two where it can be read so."""
    grouped = _GROUPED.fullmatch(core)
    if grouped:
        whole, separator, fraction = grouped.groups()
        figures = "".join(letter for letter in whole if letter.isdigit())
        number = f"{figures}.{fraction}" if fraction else figures
        is_decimal = separator == "." and len(whole) <= len("123.456") and not fraction
        return [number, whole] if is_decimal else [number]
    decimal = _DECIMAL.fullmatch(core)
    if decimal:
        return [f"{decimal[1]}.{decimal[2]}"]
    return [core] if core else []


def _joined(groups: list[str]) -> list[str]:
    """The number that groups of three figures make: 1 577."""
    return ["".join(groups)] if len(groups) > 1 else []


@lru_cache(maxsize=65_536)
def _with_word_before(before: str, forms: tuple[str, ...]) -> tuple[str, ...]:
    word = _core(before) if before != "§" else before
    if not word or not (word == "§" or word[0].isalpha()) or word in _SMALL:
        return ()
    named = [form for first in forms[:1] for form in (first, first.partition("(")[0]) if form]
    return tuple(f"{word}_{form}" for form in dict.fromkeys(named))
