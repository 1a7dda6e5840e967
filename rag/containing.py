"""Whether a text has the answer that is known, in whatever form it writes its figures."""

from __future__ import annotations

import re
from collections.abc import Collection

from rag.domain import Span
from rag.folding import fold, unaccented
from rag.quantities import LOST, Quantity, quantities

_WORD = re.compile(r"[^\W_]+")
_SCALE = re.compile(r"\b(thousand|million|billion|millier|milliard|millionen|milliarden)s?\b")
_SCALES = {
    "thousand": 1e3,
    "millier": 1e3,
    "million": 1e6,
    "millionen": 1e6,
    "billion": 1e9,
    "milliard": 1e9,
    "milliarden": 1e9,
}
_Token = str | Quantity


def contains(text: str, wanted: str, question: str = "") -> bool:
    """Whether a text has what is wanted, whatever the case, the spacing and the form of numbers.

    "$1.577 billion" has "1,577 million dollars", and "1577" where the question asks for millions.
    """
    if _has_words(fold(text).text, fold(wanted).text.strip()):
        return True
    sought = _tokens(wanted)
    if not any(isinstance(token, Quantity) for token in sought):
        return False
    factors = {1.0, *(_SCALES[name] for name in _SCALE.findall(unaccented(question)))}
    said = _tokens(text)
    return any(
        all(_alike(one, other, factors) for one, other in zip(sought, said[at:], strict=False))
        for at in range(len(said) - len(sought) + 1)
    )


def _has_words(text: str, wanted: str) -> bool:
    """Whether the words are there; figures only where no others go on with them."""
    before = r"(?<!\d)(?<!\d[.,])" if wanted[:1].isdigit() else ""
    after = r"(?!\d|[.,]\d)" if wanted[-1:].isdigit() else ""
    return bool(wanted) and re.search(f"{before}{re.escape(wanted)}{after}", text) is not None


def _tokens(text: str) -> list[_Token]:
    """The words and quantities of a text in their order."""
    found: list[_Token] = []
    done = 0
    for quantity in [*quantities(text), None]:
        span = Span(len(text), len(text)) if quantity is None else quantity.span
        if span.start < done:
            continue
        found += _WORD.findall(unaccented(text[done : span.start]))
        if quantity is not None:
            found.append(quantity)
        done = span.end
    return found


def _alike(one: _Token, other: _Token, factors: Collection[float]) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    if one.kind != other.kind and one.kind and other.kind:
        return False
    return any(
        _equal(value * scale, said * other_scale)
        for value, _ in one.readings
        for said, _ in other.readings
        for scale in ({1.0} if one.scaled else factors)
        for other_scale in ({1.0} if other.scaled else factors)
    )


def _equal(one: float, other: float) -> bool:
    return abs(abs(one) - abs(other)) <= LOST * abs(one)
