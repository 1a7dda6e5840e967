"""Figures that follow from others: what is worked out of a text is worked out again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from rag.quantities import Quantity, same

MOST_FIGURES = 40  # of a passage, of which pairs are worked out
MOST_SUMMED = 5
WHOLE = 100.0  # percent


def is_computed(wanted: Quantity, stated: Sequence[Quantity]) -> bool:
    """Whether a figure comes out of two or more that are stated."""
    stated = stated[:MOST_FIGURES]
    for one, other in itertools.permutations(stated, 2):
        if any(same(wanted, made, loosely=True) for made in _results(one, other)):
            return True
    if any(same(wanted, made, loosely=True) for one in stated for made in _complement(one)):
        return True
    return any(same(wanted, made, loosely=True) for made in _sums(stated))


def _sums(stated: Sequence[Quantity]) -> Iterator[Quantity]:
    """The sums of three to five figures of a kind that follow each other, and of all."""
    for kind, scaled in {(each.kind, each.scaled) for each in stated}:
        alike = [each for each in stated if (each.kind, each.scaled) == (kind, scaled)]
        values = [each.readings[0][0] for each in alike]
        for count in {*range(3, MOST_SUMMED + 1), len(values)}:
            for at in range(len(values) - count + 1):
                yield Quantity(((sum(values[at : at + count]), 0.0),), kind, alike[at].span)


def _results(one: Quantity, other: Quantity) -> Iterator[Quantity]:
    """What two figures give: difference, sum, change and share, how many times, and a product."""
    first, second = one.readings[0][0], other.readings[0][0]
    if one.kind == other.kind or not one.kind or not other.kind:
        kind = one.kind or other.kind
        if one.kind != other.kind:  # "25 minutes instead of 40"
            first *= other.worth if not one.kind else 1.0
            second *= one.worth if not other.kind else 1.0
        yield Quantity(((abs(first - second), 0.0),), kind, one.span)
        yield Quantity(((first + second, 0.0),), kind, one.span)
        if kind == "percent":
            yield Quantity(((abs(first - second), 0.0),), "points", one.span)
        if second:
            yield Quantity(((100 * abs(first - second) / abs(second), 0.0),), "percent", one.span)
            yield Quantity(((100 * first / second, 0.0),), "percent", one.span)
            yield Quantity(((first / second, 0.0),), "", one.span)
    first, second = one.readings[0][0], other.readings[0][0]
    if not other.kind and second:
        yield Quantity(((first * second, 0.0),), one.kind, one.span)
        yield Quantity(((first / second, 0.0),), one.kind, one.span)
    if other.kind == "percent" and one.kind != "percent":
        yield Quantity(((first * second / 100, 0.0),), one.kind, one.span)


def _complement(one: Quantity) -> Iterator[Quantity]:
    if one.kind == "percent" and one.readings[0][0] < WHOLE:
        yield Quantity(((WHOLE - one.readings[0][0], 0.0),), "percent", one.span)
