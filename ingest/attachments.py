"""The names of files within files: text to be shown, never a path to be opened."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath

from rag.store.rows import storable

LONGEST_NAME = 200  # characters
_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIRECTIONS = re.compile(r"[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def harmless(text: str) -> str:
    """A sentence that may hold such a name, as a terminal can show it."""
    return _CONTROLS.sub(" ", _DIRECTIONS.sub("", text))


def display_name(name: str, fallback: str) -> str:
    """A name such as `folder/report.pdf`; `fallback` where nothing of it can be shown.

    What would lead out of a folder, control characters and signs that turn the direction of
    writing are left out.
    """
    printable = "".join(
        character if character.isprintable() else " " for character in _DIRECTIONS.sub("", name)
    )
    parts = (
        " ".join(part.split()) for part in _DRIVE.sub("", printable.replace("\\", "/")).split("/")
    )
    kept = "/".join(part for part in parts if part.strip(". "))
    if len(kept) > LONGEST_NAME:
        stem, dot, ending = kept.rpartition(".")
        ending = dot + ending if dot and 0 < len(ending) <= 10 else ""
        kept = (stem if ending else kept)[: LONGEST_NAME - len(ending)].rstrip() + ending
    return kept or fallback


def file_name(name: str) -> str:
    """What a file is called that is handed over, by the page or the command line alike.

    It is the last part of the name that it has there, on whatever system, as it can be shown.
    """
    last = PureWindowsPath(PurePosixPath(name).name).name
    return display_name(storable(last), "unnamed")
