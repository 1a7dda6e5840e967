"""What a library may be called, and when two names are one."""

from __future__ import annotations

import unicodedata

from rag.errors import LibraryError
from rag.store.rows import storable

MOST_CHARACTERS = 100


def cleaned(name: str) -> str:
    """The name in one spelling, on one line, without what cannot be seen.

    Raises:
        LibraryError: nothing is left of it, or it is too long.
    """
    spelled = unicodedata.normalize("NFC", storable(name))
    seen = "".join(each if each.isprintable() else " " for each in spelled)
    found = " ".join(seen.split())
    if not found:
        raise LibraryError("A library needs a name that can be read. Give it one.")
    if len(found) > MOST_CHARACTERS:
        raise LibraryError(
            f"The name of a library has at most {MOST_CHARACTERS} characters, and this one has "
            f"{len(found)}. Shorten it."
        )
    return found


def folded(name: str) -> str:
    """What two names have in common that are one, without regard to case."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
