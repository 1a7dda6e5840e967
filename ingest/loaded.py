"""What reading a file gives: its pages, each in a named state, and its headings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rag.domain import DocumentState, Page
from rag.intake import Table, WordBox


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: level 1 is the highest.

    `start` is where it stands in the text of its page, None where only the page is known.
    """

    level: int
    title: str
    page: int
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file within a file: of an archive or of a mail. `name` is display text, never a path."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file within a file that is not taken in, and why; nobody misses one `passed` over."""

    name: str
    reason: str
    passed: bool = False


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A file as read; `reason` is one plain sentence wherever the state is not `ready`.

    A `ready` one has a reason where there is something to know: it was repaired, or is not what its
    name says. `tables` are in the order of the document. `words` are the boxes of the words of
    pages read by OCR, by the page's number. An archive has `attachments` and no pages;
    `left_out` are the files in it that cannot be taken in.

    `outline` is in the order of the document. The pages' texts, one after the other, are the text
    that their offsets count in.
    """

    title: str
    media_type: str
    paginated: bool
    pages: tuple[Page, ...]
    outline: tuple[Heading, ...]
    state: DocumentState
    reason: str
    tables: tuple[Table, ...] = ()
    words: Mapping[int, tuple[WordBox, ...]] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def held(self) -> int:
        """How many files are in it that somebody may miss."""
        return len(self.attachments) + sum(not each.passed for each in self.left_out)
