"""Figures and letters that stand raised: marks of notes, which no figure has, and exponents.

Texts hold them as Unicode does: "57¹" is 57 with a note, "10⁶" a million, "m²" a unit. Nothing that
compares texts may take them for figures of the line: NFKC and NFKD make "571" and "106" of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

FIGURES = "⁰¹²³⁴⁵⁶⁷⁸⁹"
LETTERS = "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
LOW_FIGURES = "₀₁₂₃₄₅₆₇₈₉"
RAISED = f"{FIGURES}⁺⁻⁼⁽⁾{LETTERS}"
LARGEST_EXPONENT = 15  # beyond it nobody writes the figures out
LEAST_EXPONENT = 3  # a bare "10²" is ten with a note as well as a hundred
# What a raised figure belongs to: the units of areas and volumes.
_MEASURE_NAMES = "mm cm dm dam hm km µm nm ft yd mi in pi kg ms"
_MEASURES = frozenset(_MEASURE_NAMES.split())
_RUN = f"[{RAISED}]+(?:,[{RAISED}]+)*"
_PLAIN = str.maketrans(f"{FIGURES}⁻", "0123456789-")
_ANY = re.compile(rf"[{RAISED}]|10\^")
_FOUND = re.compile(
    rf"(?<![\w.,])(?:(?P<times>\d+(?:[.,]\d{{1,2}})?)[ \u00a0\u202f]?[×x·⋅*][ \u00a0\u202f]?)?"
    rf"10(?:(?P<power>⁻?[{FIGURES}]{{1,2}})(?![{RAISED}])|\^\{{?(?P<caret>[-−]?\d{{1,2}})(?!\d)\}}?)"
    rf"|(?:(?<=[\d)%])|(?<=[^\W\d_{RAISED}]{{2}}))(?P<mark>{_RUN})"
)
_BORDER = re.compile(rf"(?<=\d)(?=[{RAISED}])|(?<=\w)(?=[{LETTERS}])|(?<=[{LOW_FIGURES}])(?=\d)")
_LAST_WORD = re.compile(rf"[^\W\d_{RAISED}]+$")
NEAR = 40  # characters on either side, in which a cell begins or ends
_CELL_START, _CELL_END = re.compile(r"(?:^|[|\t\n])[^\S\n]*$"), re.compile(r"[^\S\n]*(?:[|\t\n]|$)")


@dataclass(frozen=True, slots=True)
class Stated:
    """A text without marks of notes and with powers of ten written out.

    Its character `i` stands for the original's at `offsets[i]`.
    """

    text: str
    offsets: range | tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The half-open range of the original that a non-empty range of the text stands for."""
        return self.offsets[start], self.offsets[end - 1] + 1


def stated(text: str) -> Stated:
    """A text as its figures are meant: "57¹ million" is "57 million", "3 × 10⁶" is "3000000"."""
    if not _ANY.search(text):
        return Stated(text, range(len(text)))
    pieces: list[str] = []
    offsets: list[int] = []
    done = 0
    for start, end, said in _edits(text):
        pieces += [text[done:start], said]
        offsets += range(done, start)
        offsets += [start, *[end - 1] * (len(said) - 1)] if said else []
        done = end
    offsets += range(done, len(text))
    return Stated("".join([*pieces, text[done:]]), tuple(offsets))


def without_marks(text: str) -> str:
    """The same, where it does not matter where its characters stood."""
    return stated(text).text


def spaced(text: str) -> str:
    """A text with a space before what stands raised behind a figure, so that each is a word."""
    return text if text.isascii() else _BORDER.sub(" ", text)


def _edits(text: str) -> Iterator[tuple[int, int, str]]:
    """What is said otherwise: from where to where, and how."""
    for found in _FOUND.finditer(text):
        if found["mark"]:
            if _last_word(text, found.start()) not in _MEASURES:
                yield *found.span("mark"), ""
        elif found["power"] and not _is_power(found):
            yield *found.span("power"), ""
        elif (power := _power(found)) is not None:
            yield *found.span(), power


def _is_power(found: re.Match[str]) -> bool:
    """Whether what stands raised behind a ten is its exponent, and no mark of a note."""
    exponent = int(found["power"].translate(_PLAIN))
    if found["times"] or exponent < 0:
        return True
    before = found.string[max(found.start() - NEAR, 0) : found.start()]
    after = found.string[found.end() : found.end() + NEAR]
    is_cell = _CELL_START.search(before) is not None and _CELL_END.match(after) is not None
    return exponent >= LEAST_EXPONENT and not (is_cell and "|" in before + after)


def _last_word(text: str, end: int) -> str:
    """The word that ends in a place, or so much of it as a unit has letters."""
    found = _LAST_WORD.search(text[max(end - 5, 0) : end])
    return found[0].lower() if found else ""


def _power(found: re.Match[str]) -> str | None:
    """A power of ten as figures, None for one that is too large."""
    exponent = int((found["power"] or found["caret"].replace("−", "-")).translate(_PLAIN))
    if abs(exponent) > LARGEST_EXPONENT:
        return None
    times = Decimal((found["times"] or "1").replace(",", "."))
    return f"{times.scaleb(exponent):f}"
