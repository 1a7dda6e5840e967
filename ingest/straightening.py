"""Scanned pages set straight before they are read, and what was found put back in its place.

The skew is where the dark pixels, projected along slanted lines, fall into the sharpest rows: the
projection profile of Postl (1986).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PROFILE_PIXELS = 1000  # the longer side of the page on which the skew is looked for
STEEPEST_DEGREES = 10.0
STEP_DEGREES = 0.25
LEAST_DEGREES = 0.4  # less is read as well as none
CLEARLY_SHARPER = 1.15  # than without turning, for the page to be turned
MIN_CONTRAST = 32  # of 255, between what is darkest and the paper
WHITE = 255


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, from its top left."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Turned:
    """A page turned counter-clockwise by `degrees`; `size` is what it had before, in pixels."""

    image: Image.Image
    degrees: float
    size: tuple[int, int]

    def back(self, box: Box) -> Box:
        """Where a box in pixels was on the page before, in fractions of its width and height."""
        if not self.degrees:
            return _clipped(box, self.size)
        cosine, sine = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        across, down = self.image.width / 2, self.image.height / 2
        corners = []
        for x, y in ((x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)):
            right, below = x - across, y - down
            corners.append((right * cosine - below * sine, right * sine + below * cosine))
        half_width, half_height = self.size[0] / 2, self.size[1] / 2
        lefts = [x + half_width for x, _ in corners]
        tops = [y + half_height for _, y in corners]
        return _clipped(Box(min(lefts), min(tops), max(lefts), max(tops)), self.size)


def straightened(page: Image.Image, quarters: int = 0) -> Turned:
    """The page in grey, turned by quarters counter-clockwise and then set straight."""
    grey = page.convert("L")
    upright = grey.rotate(90 * quarters, expand=True) if quarters else grey
    skew = skew_degrees(upright)
    if not skew:
        return Turned(upright, 90.0 * quarters, page.size)
    degrees = 90.0 * quarters + skew
    paper = int(np.median(np.asarray(grey.resize((64, 64)))))
    turned = grey.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)
    return Turned(turned, degrees, page.size)


def skew_degrees(page: Image.Image) -> float:
    """How far lines must be turned counter-clockwise to be level; 0 where none are clear."""
    columns, rows = _dark_pixels(page)
    if len(rows) == 0:
        return 0.0
    count = int(2 * STEEPEST_DEGREES / STEP_DEGREES) + 1
    angles = np.linspace(-STEEPEST_DEGREES, STEEPEST_DEGREES, count)
    sharpness = [_sharpness(columns, rows, math.tan(math.radians(angle))) for angle in angles]
    best = int(np.argmax(sharpness))
    level = sharpness[count // 2]
    if abs(angles[best]) < LEAST_DEGREES or sharpness[best] < CLEARLY_SHARPER * level:
        return 0.0
    return -float(angles[best])


def is_blank(page: Image.Image) -> bool:
    """Whether nothing on a page stands out from its ground."""
    darkest, lightest = page.convert("L").getextrema()
    return float(lightest) - float(darkest) < MIN_CONTRAST  # type: ignore[arg-type]


def _dark_pixels(page: Image.Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The columns and rows of what is dark on the page, made small."""
    scale = min(1.0, PROFILE_PIXELS / max(page.size))
    size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
    small = np.asarray(page.resize(size, Image.Resampling.BOX), dtype=np.int16)
    paper, darkest = int(np.median(small)), int(small.min())
    if paper - darkest < MIN_CONTRAST:
        return np.empty(0), np.empty(0)
    rows, columns = np.nonzero(small < (paper + darkest) / 2)
    return columns.astype(np.float64), rows.astype(np.float64)


def _sharpness(columns: NDArray[np.float64], rows: NDArray[np.float64], slope: float) -> float:
    """How unlike neighbouring rows are, once what is dark is projected along a slope."""
    levels = np.rint(rows + columns * slope).astype(np.int64)
    profile = np.bincount(levels - levels.min()).astype(np.float64)
    return float(np.square(np.diff(profile)).sum())


def _clipped(box: Box, size: tuple[int, int]) -> Box:
    width, height = size
    left, right = (min(max(x / width, 0.0), 1.0) for x in (box.left, box.right))
    top, bottom = (min(max(y / height, 0.0), 1.0) for y in (box.top, box.bottom))
    return Box(left, top, right, bottom)
