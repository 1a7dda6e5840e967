"""Writes what a document has raised or lowered so that it stays apart from the figure before it.

Unicode's own characters are used where there are some: "57¹", "10⁻³", "m²", "CO₂". Ordinals and
abbreviations stay letters ("1st", "Mme"); what has no such characters stands in brackets behind a
figure: "57 (C)".
"""

from __future__ import annotations

import re

from rag.raised import FIGURES, LETTERS, LOW_FIGURES, RAISED

MOST_LOOKED_AT = 200
LONGEST_MARK = 3  # characters of a note's name that may stand raised: "12", "iv"
LONGEST = 12  # characters; more are a text that is set so, and no mark
_SPACES = re.compile(r"\s+")
_SIGNS = {"+": "⁺", "-": "⁻", "−": "⁻", "–": "⁻", "=": "⁼", "(": "⁽", ")": "⁾"}
_HIGH = str.maketrans(
    dict(zip("0123456789abcdefghijklmnoprstuvwxyz", FIGURES + LETTERS, strict=True)) | _SIGNS
)
_LOW_SIGNS = {"+": "₊", "-": "₋", "−": "₋", "=": "₌", "(": "₍", ")": "₎"}
_LOW = str.maketrans(dict(zip("0123456789", LOW_FIGURES, strict=True)) | _LOW_SIGNS)
_WHOLE = {"tm": "™", "sm": "℠", "o": "º"}
_ORDINAL_ENDINGS = "st nd rd th e er ère ere re ème eme es ers ª º"
_ORDINALS = frozenset(_ORDINAL_ENDINGS.split())
_RAISED = re.compile(f"[{RAISED},]+")
_LETTERS = re.compile(r"[^\W\d_]{2,}\.?")
_FRACTION = re.compile(rf"(\d?)([{FIGURES}]{{1,4}})[/⁄∕]([{LOW_FIGURES}]{{1,4}})")
_HIGH_PLAIN = str.maketrans(FIGURES, "0123456789")
_LOW_PLAIN = str.maketrans(LOW_FIGURES, "0123456789")
_IN_MARKUP = re.compile(
    r"(?P<code>(?P<fence>`{3,}|~{3,}).*?(?:(?P=fence)|\Z)|`[^`\n]+`)"
    r"|<(?P<tag>su[pb])>(?P<set>[^<>\n]{1,20})</(?P=tag)>"
    r"|\[\^(?P<note>[^\]\[\s^]{1,40})\]|(?<=[\w)%])\^(?P<pandoc>[\w+−-]{1,8})\^",
    re.DOTALL | re.IGNORECASE,
)
_NOTE = re.compile(r"^ {0,3}\[\^([^\]\[\s^]{1,40})\]:", re.MULTILINE)  # what begins a note


def raised(text: str, before: str) -> str:
    """What stands raised behind `before`, which is the text up to there or its last character."""
    bare = _SPACES.sub("", text[:MOST_LOOKED_AT])
    is_figure = before[-1:].isdigit()
    if not bare or len(bare) > LONGEST:
        return f" {text}" if is_figure and bare[:1].isalnum() else text
    if bare.lower() in _WHOLE:
        return _WHOLE[bare.lower()]
    if bare.lower() in _ORDINALS and before[-1:].isalnum():
        return bare
    mapped = bare.translate(_HIGH)
    is_word = _LETTERS.fullmatch(bare)
    if not is_word and _RAISED.fullmatch(mapped):
        return mapped
    return _set_apart(text, bare) if is_figure else text


def lowered(text: str, before: str) -> str:
    """What stands lowered behind `before`: "CO₂"; letters stay what they are: "xmax"."""
    bare = _SPACES.sub("", text[:MOST_LOOKED_AT])
    if (
        bare
        and len(bare) <= LONGEST
        and len(text) <= MOST_LOOKED_AT
        and not any(map(str.isalpha, bare))
    ):
        return bare.translate(_LOW)
    return _set_apart(text, bare) if before[-1:].isdigit() else text


def shifted(text: str, before: str, *, shift: int) -> str:
    """The text of a run that is raised (1), lowered (-1) or neither (0)."""
    if not shift:
        return text
    return raised(text, before) if shift > 0 else lowered(text, before)


def with_fractions(text: str) -> str:
    """A text with fractions that were set of raised and lowered figures: "1¹⁄₂" is "1 1/2"."""
    return text if text.isascii() else _FRACTION.sub(_fraction, text)


def in_markup(text: str) -> str:
    """A text whose `<sup>`, `<sub>`, `^…^` and references to its notes are written as above.

    Code in it stays, and so does "[^1]" where there is no such note.
    """
    if "<su" not in text.lower() and "^" not in text:
        return text
    notes = frozenset(_NOTE.findall(text))
    return with_fractions(_IN_MARKUP.sub(lambda found: _shown(found, notes), text))


def _shown(found: re.Match[str], notes: frozenset[str]) -> str:
    before = found.string[max(found.start() - 1, 0) : found.start()]
    if found["code"]:
        return found[0]
    if found["note"]:
        return _noted(found["note"], before) if found["note"] in notes else found[0]
    if found["pandoc"]:
        mapped = raised(found["pandoc"], before)
        return mapped if _RAISED.fullmatch(mapped) else found[0]
    return shifted(found["set"], before, shift=1 if found["tag"].lower() == "sup" else -1)


def _noted(label: str, before: str) -> str:
    """The mark of a note as it stands raised, a longer name of one in brackets."""
    mapped = label.lower().translate(_HIGH)
    is_mark = len(label) <= LONGEST_MARK and _RAISED.fullmatch(mapped)
    return mapped if is_mark else f"{' ' * before.strip().isalnum()}({label})"


def _set_apart(text: str, bare: str) -> str:
    return f" ({text.strip()})" if bare[:1].isalnum() else text


def _fraction(found: re.Match[str]) -> str:
    whole, above, below = found.groups()
    return (
        f"{whole}{' ' if whole else ''}{above.translate(_HIGH_PLAIN)}/{below.translate(_LOW_PLAIN)}"
    )
