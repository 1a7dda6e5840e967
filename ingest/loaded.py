"""What reading a file gives: its pages, each in a named state, and its headings."""

from __future__ import annotations

from dataclasses import dataclass

from rag.domain import DocumentState, Page


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
class LoadedDocument:
    """A file as read; `reason` is one plain sentence wherever the state is not `ready`.

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
