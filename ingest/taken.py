"""How adding a file ended, in words."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.filetypes import CALLED, mismatch, type_by_name
from ingest.loaded import LoadedDocument
from ingest.outcomes import READABLE
from rag.domain import Document, DocumentState

ADDED = "{} was added."
VERSION = "{} was added as a new version"
REPLACED = (
    f"{VERSION} of the document of that name. Citations of the one before still open. To have "
    "both, bring that one back from the report on this one."
)
DISPLACED = (
    "The other {} that was there is an earlier version of it now. To have both, bring that one "
    "back from the report on it."
)
BROUGHT_BACK = "{} was brought back from the trash."
ALREADY = "{} is already in the library"


@dataclass(frozen=True, slots=True)
class Added:
    """How adding a file ended; `new` is false when the library had these bytes already.

    One that was in the trash is `brought_back`, as it was; one that `replaces` another is its new
    version.
    """

    name: str
    document: Document
    new: bool
    brought_back: bool = False
    replaces: bool = False

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        if not self.new and self.document.state in READABLE:
            return self.already
        if self.brought_back:
            return f"{BROUGHT_BACK.format(self.name)} {self.document.reason}".rstrip()
        if self.replaces:
            return f"{REPLACED.format(self.name)} {self.document.reason}".rstrip()
        if self.document.state is DocumentState.READY and not self.document.reason:
            return ADDED.format(self.name)
        return f"{self.name}: {self.document.reason}"

    @property
    def already(self) -> str:
        """A sentence saying that the library has it, and under what name."""
        known = self.document
        called = "" if known.name == self.name else f" as {known.name}"
        # Its name here tells what the file is, unless that one was found to be wrong.
        kind = None if CALLED in known.reason else type_by_name(known.name)
        note = mismatch(kind, self.name) if kind is not None else ""
        return f"{ALREADY.format(self.name)}{called}. {note}".rstrip()


def added_after(name: str, document: Document, said: str) -> Added:
    """How adding a file ended once nothing is left to do, by what was said when it was read."""
    back, replaces = BROUGHT_BACK.format(name) in said, VERSION.format(name) in said
    new = document.name == name and not says_already(name, said)
    return Added(name, document, new, back, replaces)


def says_already(name: str, said: str) -> bool:
    """Whether what was said of a file is that the library has it already."""
    return ALREADY.format(name) in said


@dataclass(frozen=True, slots=True)
class Taken:
    """What reading a file gave: a document, or an archive as it was `loaded`.

    `reason` is what there is to know besides, such as what in it was left out.
    """

    added: Added | None
    loaded: LoadedDocument | None = None
    reason: str = ""
