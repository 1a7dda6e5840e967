"""The styles of a Word document: which are headings, which are numbered, and how they look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.loaders import symbols
from ingest.loaders.numbering import LEVELS
from ingest.loaders.wordruns import LOOKS, Look, resolved
from ingest.ooxml import Part

HEADINGS = 6  # levels that Markdown has
DEEPEST_STYLE = 10  # styles that are based on one another
_YES = frozenset({"1", "true", "on"})
_HEADING_NAME = re.compile(r"(?:heading|title|titre|überschrift|título)\s?([1-9])?", re.IGNORECASE)


@dataclass(slots=True)
class _Style:
    name: str = ""
    parent: str = ""
    level: int = 0
    number: str = ""
    depth: int | None = None
    look: Look = field(default_factory=Look)


class Styles(Part):
    """The styles of paragraphs: which are headings, and of what level, and which are numbered."""

    def __init__(self) -> None:
        self._styles: dict[str, _Style] = {}
        self._style = self._defaults = _Style()  # of all text, before the first one with a name
        self._usual = ""  # of paragraphs that name none
        self._looks: dict[tuple[str, str], Look] = {}  # of runs and their paragraphs

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element of the styles."""
        value = attributes.get("val", "")
        if name == "style":
            self._begin(attributes.get("styleId", ""), attributes)
        elif name == "name":
            self._style.name = value
        elif name == "basedOn":
            self._style.parent = value
        elif name == "outlineLvl" and value.isdigit() and int(value) < HEADINGS:
            self._style.level = int(value) + 1
        elif name == "numId":
            self._style.number = value
        elif name == "ilvl":
            self._style.depth = depth_of(value)
        elif name in LOOKS:
            self._style.look.take(name, value)

    def look(self, own: Look, style: str, paragraph: str) -> Look:
        """That of a run by what it says itself, its style, and the style of its paragraph.

        What raises a whole paragraph raises none of its runs above the others. What both styles
        hide is shown, as Word has it, unless the document hides all that says nothing of it
        (ISO/IEC 29500 part 1, 17.7.3).
        """
        found = self._looks.get((style, paragraph))
        if found is None:
            found = self._looks[style, paragraph] = self._look(style, paragraph)
        return resolved([own, found])

    def level(self, style: str) -> int:
        """The level of a style of headings, 0 of others."""
        for each in self._family(style):
            if found := _level_of(each.name) or each.level:
                return found
        return _level_of(style)

    def numbering(self, style: str) -> tuple[str, int | None]:
        """The list that a style belongs to, empty without one, and its level in it."""
        for each in self._family(style):
            if each.number:
                return each.number, each.depth
        return "", None

    def is_named(self, style: str, pattern: re.Pattern[str]) -> bool:
        """Whether a style, or its name, is of a kind."""
        known = self._styles.get(style, _Style())
        return bool(pattern.fullmatch(style) or pattern.fullmatch(known.name))

    def _look(self, style: str, paragraph: str) -> Look:
        found = resolved(each.look for each in self._family(style))
        around = [each.look for each in self._family(paragraph or self._usual)]
        size = resolved([found, *around, self._defaults.look]).size
        hides = bool(found.is_hidden) != bool(resolved(around).is_hidden)
        hides = hides or bool(self._defaults.look.is_hidden)
        return Look(found.align, found.position, size, hides)

    def _begin(self, style: str, attributes: Mapping[str, str]) -> None:
        self._style = self._styles.setdefault(style, _Style())
        if attributes.get("type") == "paragraph" and attributes.get("default") in _YES:
            self._usual = style

    def _family(self, style: str) -> list[_Style]:
        family: list[_Style] = []
        while style in self._styles and len(family) < DEEPEST_STYLE:
            family.append(self._styles[style])
            style = family[-1].parent
        return family


class Runs:
    """Follows how the runs of a part look; `has_hidden` tells whether it left out a hidden one."""

    def __init__(self, styles: Styles) -> None:
        self.has_hidden = False
        self._styles = styles
        self._own, self._style, self._font = Look(), "", ""

    def begin(self) -> None:
        """A run begins, of which nothing is known yet."""
        self._own, self._style, self._font = Look(), "", ""

    def take(self, name: str, attributes: Mapping[str, str]) -> bool:
        """Take an element of a run's properties; false for what is none that is followed."""
        if name in LOOKS:
            self._own.take(name, attributes.get("val", ""))
        elif name == "rStyle":
            self._style = attributes.get("val", "")
        elif name == "rFonts":
            self._font = attributes.get("ascii", "")
        else:
            return False
        return True

    def look(self, paragraph: str) -> Look:
        """How the run looks, in a paragraph of a style."""
        return self._styles.look(self._own, self._style, paragraph)

    def shown(self, text: str, look: Look) -> str:
        """What of a text is seen: nothing where it is hidden; signs of symbol fonts as Unicode."""
        if look.is_hidden:
            self.has_hidden |= bool(text.strip())
            return ""
        return symbols.in_font(text, self._font) if self._font and not text.isascii() else text


def depth_of(value: str) -> int:
    """The level of a list that a value names, the first for what is none."""
    return min(int(value), LEVELS - 1) if value.isascii() and value.isdigit() else 0


def _level_of(style: str) -> int:
    found = _HEADING_NAME.fullmatch(style.strip())
    return min(int(found[1] or 1), HEADINGS) if found else 0
