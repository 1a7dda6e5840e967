"""What of a web page stands raised or lowered without `<sup>`: by its styles, or as a note's mark.

Inline styles are read, and rules of the page's own style sheets for an element, a class, or an
element of a class. All else that style sheets can say is left to browsers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_STYLES = 200_000  # characters of style sheets that are read of a page
MOST_CLASSES = 20  # of one element
LONGEST_STYLE = 2_000  # characters of the declarations of a rule or an element
LONGEST_SELECTORS = 500  # characters of what a rule is for
_OPENING = re.compile(r"<style\b[^>]{0,300}>", re.IGNORECASE)
_CLOSING = re.compile(r"</style", re.IGNORECASE)
_SELECTOR = re.compile(r"[a-z][a-z0-9]{0,20}|(?:[a-z][a-z0-9]{0,20})?\.[\w-]{1,80}")
_LENGTH = re.compile(r"([-+]?)(?=\d|\.\d)(\d{0,6}(?:\.\d{0,6})?)(em|ex|rem|px|pt|%)")
_SMALL_WORDS = frozenset({"smaller", "small", "x-small", "xx-small"})
LARGEST = float("inf")
_FULL = {"em": 1.0, "rem": 1.0, "%": 100.0}
_POINTS = {"pt": 9.0, "px": 12.0}  # below it letters are small, whatever those beside them are
_NUDGES = {"em": 0.25, "ex": 0.5, "rem": 0.25, "px": 3.0, "pt": 2.25}  # least that marks are moved
_NOTED = frozenset({"noteref", "doc-noteref"})  # `epub:type` of EPUB 3, `role` of DPUB-ARIA
LONGEST_MARK = 3  # characters of what may be a mark though nothing makes it small
_BEFORE_MARK = re.compile(r"[\w)\]\"”’».,;:%!?]\Z")
_MARK = re.compile(r"(?:\d+|[a-z*†‡§¶]|[ivx]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shifts:
    """Which elements the style sheets of a page raise (1) or lower (-1)."""

    rules: Mapping[str, int] = field(default_factory=dict)

    def of(self, tag: str, attributes: Mapping[str, str]) -> int:
        """The shift of an element; its own style counts before its classes, these before all."""
        if not attributes and not self.rules:
            return 0
        own = shift_of(attributes.get("style", ""))
        if own or not self.rules:
            return own
        classes = attributes.get("class", "")[:LONGEST_STYLE].lower().split()[:MOST_CLASSES]
        named = [name for each in classes for name in (f"{tag}.{each}", f".{each}")]
        return next((self.rules[name] for name in (*named, tag) if name in self.rules), 0)


def shifts_in(sheets: str) -> Shifts:
    """What the rules of style sheets raise and lower; of several for one thing the last counts."""
    rules: dict[str, int] = {}
    first, *others = sheets[:MOST_STYLES].split("/*")  # what begins a comment
    said = first + "".join(other.partition("*/")[2] for other in others)
    for rule in said.split("}"):
        before, _, declarations = rule.rpartition("{")
        shift = shift_of(declarations)
        selectors = before.rpartition("{")[2].rpartition(";")[2][:LONGEST_SELECTORS]
        for selector in selectors.lower().split(","):
            if (shift or selector.strip() in rules) and _SELECTOR.fullmatch(selector.strip()):
                rules[selector.strip()] = shift
    return Shifts(rules)


def sheets_of(markup: str) -> str:
    """What stands in the `<style>` elements of a page, up to `MOST_STYLES` characters."""
    found: list[str] = []
    length = 0
    opening = _OPENING.search(markup)
    while opening and length < MOST_STYLES:
        closing = _CLOSING.search(markup, opening.end())
        if closing is None:
            break
        found.append(markup[opening.end() : closing.start()][: MOST_STYLES - length])
        length += len(found[-1])
        opening = _OPENING.search(markup, closing.end())
    return "\n".join(found)


def refers_to_note(attributes: Mapping[str, str]) -> bool:
    """Whether an element says that it refers to a note."""
    kinds = f"{attributes.get('epub:type', '')} {attributes.get('role', '')}"
    return not _NOTED.isdisjoint(kinds[:LONGEST_STYLE].lower().split())


def nudge_of(attributes: Mapping[str, str]) -> int:
    """Where a style sets an element that is as large as the rest; that raises only what `is_mark`.

    0 for what is moved by less than a quarter of a letter.
    """
    style = attributes.get("style", "").lower()
    if len(style) > LONGEST_STYLE or "relative" not in style:
        return 0
    said = _declared(style)
    if said.get("position") != "relative":
        return 0
    return -_nudge(said.get("top", "")) or _nudge(said.get("bottom", ""))


def takes_mark(before: str) -> bool:
    """Whether a mark may follow a text: it ends in a letter, a figure or a sign that closes."""
    return bool(_BEFORE_MARK.search(before))


def is_mark(text: str) -> bool:
    """Whether a text is as the mark of a note is: a figure, a letter or a sign."""
    return len(text) <= LONGEST_MARK and bool(_MARK.fullmatch(text))


def shift_of(style: str) -> int:
    """Whether declarations raise (1) or lower (-1) what they are for, as a note's mark is."""
    style = style.lower()
    if len(style) > LONGEST_STYLE or not ("vertical-align" in style or "relative" in style):
        return 0
    said = _declared(style)
    aligned = said.get("vertical-align", "")
    if aligned in ("super", "sub"):
        return 1 if aligned == "super" else -1
    if not _is_small(said.get("font-size", "")):
        return 0
    if shift := _sign(aligned):
        return shift
    if said.get("position") != "relative":
        return 0
    return -_sign(said.get("top", "")) or _sign(said.get("bottom", ""))


def _declared(style: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        said[name.strip()] = value.replace("!important", "").strip()
    return said


def _nudge(length: str) -> int:
    """The sign of a length that is long enough to raise a mark; 0 of another."""
    found = _LENGTH.fullmatch(length)
    if found is None or not found[2].strip("."):
        return 0
    return _sign(length) if float(found[2]) >= _NUDGES.get(found[3], LARGEST) else 0


def _is_small(size: str) -> bool:
    length = _LENGTH.fullmatch(size)
    if length is None or not length[2].strip("."):
        return size in _SMALL_WORDS
    full = _FULL.get(length[3]) or _POINTS.get(length[3], 0.0)
    return float(length[2]) < full


def _sign(length: str) -> int:
    """Whether a length is above nought, below it, or neither."""
    found = _LENGTH.fullmatch(length)
    if found is None or not found[2].strip("0."):
        return 0
    return -1 if found[1] == "-" else 1
