"""Boxes of characters on a page as displayed, and the few that cover a span of them.

A box is left, top, right, bottom, in fractions of the page from its top left; NaN where a
character has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_EXTENT = 1e-6

Boxes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a page as displayed: fractions of its width and height from the top left."""

    left: float
    top: float
    right: float
    bottom: float


def as_displayed(boxes: Boxes, visible: tuple[float, ...], rotation: int) -> Boxes:
    """From PDF coordinates to fractions of the rotated, cropped page, from its top left."""
    left, bottom, right, top = visible
    across, up = max(right - left, NO_EXTENT), max(top - bottom, NO_EXTENT)
    x1, x2 = (boxes[:, 0] - left) / across, (boxes[:, 2] - left) / across
    y1, y2 = (boxes[:, 1] - bottom) / up, (boxes[:, 3] - bottom) / up
    turned = {
        0: (x1, 1 - y2, x2, 1 - y1),
        90: (y1, x1, y2, x2),
        180: (1 - x2, y1, 1 - x1, y2),
        270: (1 - y2, 1 - x2, 1 - y1, 1 - x1),
    }[rotation]
    return np.stack(turned, axis=1)


def merge(boxes: Boxes, chosen: Sequence[int], upright: Sequence[bool]) -> list[Boxes]:
    """The boxes that cover exactly the chosen characters, in their order.

    One a line, more where one would also cover the middle of a character that is not chosen. What
    lies outside the page is left out; `upright` says of each whether its line runs across.
    """
    outside = np.delete(boxes, chosen, axis=0)
    outside = outside[~np.isnan(outside[:, 0])]
    centres = np.stack([outside[:, [0, 2]].mean(axis=1), outside[:, [1, 3]].mean(axis=1)], axis=1)
    merged: list[Boxes] = []
    was_upright = True
    for index, is_upright in zip(chosen, upright, strict=True):
        box = boxes[index]
        if np.isnan(box[0]):
            continue
        union = _union(merged[-1], box) if merged else box
        goes_on = is_upright is was_upright
        was_upright = is_upright
        if merged and goes_on and _on_one_line(merged[-1], box, 1 if is_upright else 0):
            known = _contained(centres, merged[-1]) | _contained(centres, box)
            if not (_contained(centres, union) & ~known).any():
                merged[-1] = union
                continue
        merged.append(box)
    clipped = (np.clip(box, 0.0, 1.0) for box in merged)
    return [box for box in clipped if box[2] > box[0] and box[3] > box[1]]


def _union(one: Boxes, other: Boxes) -> Boxes:
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])


def _on_one_line(line: Boxes, box: Boxes, axis: int) -> bool:
    """Whether they share at least a third of the lower one's height (or width, sideways)."""
    shared = min(line[axis + 2], box[axis + 2]) - max(line[axis], box[axis])
    lower = min(line[axis + 2] - line[axis], box[axis + 2] - box[axis])
    return bool(shared >= lower / 3)


def _contained(centres: Boxes, box: Boxes) -> NDArray[np.bool_]:
    inside = (centres >= box[:2]) & (centres <= box[2:])
    return inside[:, 0] & inside[:, 1]
