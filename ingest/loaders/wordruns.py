"""Which runs of a Word document stand raised or lowered, and which are hidden.

A run says so itself (`w:vertAlign`), or is set higher or lower and mostly smaller than the text it
stands in (`w:position` and `w:sz`, in half points; ISO/IEC 29500 part 1, 17.3.2). LibreOffice
writes the latter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ingest import raised

USUAL_SIZE = 20  # half points, where a document does not say
LEAST_SHIFT = 1 / 4  # of its size, for a run that is no smaller than the text around it
LARGEST = 3_276  # half points
LOOKS = frozenset({"vertAlign", "position", "sz", "vanish"})  # what a `Look` takes
_NO = frozenset({"0", "false", "off"})
_SHIFTS = {"superscript": 1, "subscript": -1}


@dataclass(slots=True)
class Look:
    """What a run or a style says of its characters; None where it does not say."""

    align: int | None = None  # 1 for raised characters, -1 for lowered ones, 0 for neither
    position: int | None = None  # half points above the line
    size: int | None = None  # half points
    is_hidden: bool | None = None

    def take(self, name: str, value: str) -> None:
        """Take an element of its properties; of two sizes, it is shown in the smaller one."""
        if name == "vertAlign":
            self.align = _SHIFTS.get(value, 0)
        elif name == "position" and (position := _half_points(value)) is not None:
            self.position = position
        elif name == "sz" and (size := _half_points(value)) is not None and size > 0:
            self.size = min(size, self.size or size)
        elif name == "vanish":
            self.is_hidden = value not in _NO


def resolved(looks: Iterable[Look]) -> Look:
    """What holds of several, of which each prevails over those behind it."""
    found = Look()
    for each in looks:
        found.align = each.align if found.align is None else found.align
        found.position = each.position if found.position is None else found.position
        found.size = each.size if found.size is None else found.size
        found.is_hidden = each.is_hidden if found.is_hidden is None else found.is_hidden
    return found


@dataclass(slots=True)
class Line:
    """The pieces of a paragraph, its runs told apart by where they stand against one another."""

    pieces: list[str] = field(default_factory=list)
    _size: int = 0  # of the last run that stood on the line; half points, 0 before any
    _first: list[tuple[int, Look]] = field(default_factory=list)  # set higher or lower before it

    def say(self, text: str, look: Look) -> None:
        """Add the text of a run, or of a part of one."""
        shift = look.align or (self._set_apart(look) if self._size else 0)
        if not shift and not look.position and text.strip():
            self._size = look.size or USUAL_SIZE
            self._place_first()
        elif look.position and not self._size and not look.align:
            self._first.append((len(self.pieces), look))
        self.pieces.append(raised.shifted(text, "".join(self.pieces[-2:]), shift=shift))

    def _place_first(self) -> None:
        """Write the runs before the first one that stands on the line, now that there is one."""
        for place, look in self._first:
            if place < len(self.pieces):  # no formula has taken it up
                before = "".join(self.pieces[max(place - 2, 0) : place])
                shift = self._set_apart(look)
                self.pieces[place] = raised.shifted(self.pieces[place], before, shift=shift)
        self._first.clear()

    def _set_apart(self, look: Look) -> int:
        """1 for a run that is set higher as marks are, -1 for one set lower, 0 for others."""
        position, size = look.position or 0, look.size or USUAL_SIZE
        is_apart = size < self._size or abs(position) >= LEAST_SHIFT * size
        return (position > 0) - (position < 0) if is_apart else 0


def _half_points(value: str) -> int | None:
    """A measure, in half points or with the unit pt; None for what is none."""
    number, factor = (value[:-2], 2) if value.endswith("pt") else (value, 1)
    try:
        measure = float(number) * factor
    except ValueError:
        return None
    return int(measure) if -LARGEST <= measure <= LARGEST else None
