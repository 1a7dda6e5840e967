"""What a document is called."""

from __future__ import annotations

import re
from pathlib import PurePath

MAX_TITLE = 200
_MEANINGLESS = re.compile(
    r"^(untitled.*|title|document\s?\d*|\(anonymous\)|none|null|unknown|unspecified|default|"
    r"new document|(?:powerpoint[ -])?pr[eéä]sentation\s?\d*|présentation powerpoint|slide \d+|"
    r"sans titre|unbenannt|sin título)$",
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
