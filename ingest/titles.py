"""What a document is called."""

from __future__ import annotations

import re
from pathlib import PurePath

MAX_TITLE = 200
_MEANINGLESS = re.compile(
    # What programs write where nobody gave a title: Word, LibreOffice, Calibre and their like.
    r"^[\[(]?(untitled.*|(?:no |book )?title|title unknown|unknown(?: title| book)?|unspecified|"
    r"(?:new |microsoft word |word )?document\s?\d*|dokument\s?\d*|anonymous|none|null|"
    r"default|"
    r"(?:microsoft )?(?:powerpoint[ -])?pr[eéä]sentation\s?\d*|présentation powerpoint|slide \d+|"
    r"(?:work)?book\s?\d+|classeur\s?\d+|mappe\s?\d+|sans titre\s?\d*|titre inconnu|"
    r"unbenannt\s?\d*|"
    r"ohne titel|unbekannt(?:er titel)?|sin título|título desconocido|senza titolo|"
    r"sem título|無題|无标题)[\])]?$",
    re.IGNORECASE,
)
_WRITERS_NAME = re.compile(r"^(microsoft\s+(office\s+)?\w+|print(er)?|scan\w*)\s*[-–:]\s", re.I)
_PATH_OR_FILE = re.compile(r"^([a-z]:\\|/|file:|\\\\|https?:)|\.[a-z]{2,5}$", re.IGNORECASE)


def is_meaningful(title: str) -> bool:
    """Whether a title found inside a file was written for a reader."""
    return (
        sum(character.isalpha() for character in title) >= 2
        and not _MEANINGLESS.match(title)
        and not _WRITERS_NAME.match(title)
        and not _PATH_OR_FILE.search(title)
    )


def tidy(title: str) -> str:
    """A title on one line, without control characters and of bearable length."""
    printable = "".join(character if character.isprintable() else " " for character in title)
    return " ".join(printable.split())[:MAX_TITLE].strip()


def from_name(name: str) -> str:
    """A title made from a file's name."""
    stem = PurePath(name.replace("\\", "/")).stem
    words = stem.replace("_", " ")
    if " " not in words.strip():
        words = re.sub(r"(?<=[^\W\d])-(?=[^\W\d])", " ", words)
    return tidy(words) or tidy(name) or "Untitled"
