"""What a library may be called, when two names are one, and what may be meant by one."""

from __future__ import annotations

import difflib
import shlex
import unicodedata
from collections.abc import Collection, Sequence

from rag.errors import LibraryError
from rag.store.rows import storable

MOST_CHARACTERS = 100
MOST_LISTED = 5
NEAR = 0.6  # the ratio from which on a name is taken for another that was mistyped


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


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The name that a mistyped one is most like, if any is alike."""
    by_fold = {folded(each): each for each in reversed(known)}
    close = difflib.get_close_matches(folded(name), by_fold, 1, NEAR)
    return by_fold[close[0]] if close else None


def unknown_library(name: str, known: Sequence[str], removed: Collection[str]) -> str:
    """That there is no library of a name, which is meant perhaps, and which there are."""
    sentences = [f"There is no library named {name!r}."]
    if folded(name) in map(folded, removed):
        again = f"tramontane library bring-back {shlex.quote(name)}"
        sentences = [f"The library {name!r} was deleted. `{again}` brings it back."]
    if not known:
        return " ".join([*sentences, "There is none yet: `tramontane add PATH` makes one."])
    meant = nearest(name, known)
    if meant is not None:
        sentences.append(f"Did you mean {meant!r}?")
    if meant is None or len(known) > 1:
        shown = ", ".join(repr(each) for each in known[:MOST_LISTED])
        more = f" and {len(known) - MOST_LISTED:,} more" if len(known) > MOST_LISTED else ""
        sentences.append(f"There {'is' if len(known) == 1 else 'are'}: {shown}{more}.")
    return " ".join([*sentences, "Say which with --library."])
