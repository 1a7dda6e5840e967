"""The vocabulary of files on their way in: frozen values, nothing of ours imported.

As in `rag.domain`, positions are character offsets into a page's text, and pages count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What is being done to a file on its way in; `confirm` waits for a person's word."""

    WAITING = "waiting"
    READING = "reading"
    OCR = "ocr"
    CONFIRM = "confirm"
    EMBEDDING = "embedding"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of one page that is embedded: `page.text[start:end]`.

    `heading` is the path of headings above it; `tokens` counts Tekken tokens of the span
    as a model reads it. `header` is the first row of the table that the span goes on with, empty
    where there is none or the span holds it itself.
    """

    page: int
    start: int
    end: int
    heading: tuple[str, ...]
    tokens: int
    header: str = ""


@dataclass(frozen=True, slots=True)
class WordBox:
    """Where `page.text[start:end]` stands on a scanned page.

    Fractions of the page's width and height as displayed, from its top left.
    """

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class OcrPage:
    """What OCR read on the picture of a page: its text, and where each word of it stands."""

    text: str
    words: tuple[WordBox, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table: `page.text[start:end]`, and its cells as read, without white space."""

    start: int
    end: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or as much of it as stands on one page: the parts of one have its `number`.

    `header` names the columns, empty where nothing does; `rows` are in order and, on the page on
    which the table begins, start with the header's own. `name` is a sheet's name or a caption.
    """

    number: int
    page: int
    name: str
    header: tuple[str, ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What taking files in will take, before anything is paid.

    `tokens` are those to embed, `ocr_pages` those that a service reads; `dollars` is 0 where
    nothing is billed and None where the price is not known; `seconds` is rough.
    """

    pages: int
    tokens: int
    ocr_pages: int
    dollars: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file was handed over from, which tells whether it is a new version of another.

    `place` is its path, empty where that is not known. One that was handed over `alone`, not with
    the other files of a folder, is a version of the only one of its name that was so, too. What
    came in a mail or an archive has its place after that one's, which may be empty, and `WITHIN`.
    """

    place: str = ""
    alone: bool = False


NOWHERE = Origin()
WITHIN = "!"  # between the place of a mail or an archive and what in it a file was


class Fate(StrEnum):
    """What became of a file in an archive, a mail or another document."""

    READ = "read"
    PARTLY = "partly read"
    NOT_READ = "not read"
    GOING = "on its way in"
    CANCELLED = "cancelled"
    REPLACED = "replaced by a later version"
    REMOVED = "removed"
    ELSEWHERE = "in another library"
    DELETED = "deleted for good"
    PASSED = "passed over"


@dataclass(frozen=True, slots=True)
class Content:
    """A file within another, as it was found: `sha256` is empty where its bytes were not read.

    `reason` says why it is not taken in; what was `passed` over is nothing that anybody misses.
    """

    name: str
    sha256: str = ""
    size_bytes: int = 0
    reason: str = ""
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A file within another and what became of it: `reason` says why, where it is not just read.

    `document_id` and `document` are the id and the name of what the library has of it.
    """

    name: str
    fate: Fate
    reason: str = ""
    document_id: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A file that held others; where the library has it as a document too, that has this id."""

    id: int
    library_id: str
    name: str
    sha256: str
    size_bytes: int
    document_id: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A file on its way in: `done` of `total` pages or chunks; at the end, `outcome` in words.

    `document_id` is there once it can be asked; `parent_id` is the job of the archive or the mail
    that it came in; `estimate` says what a job in the stage `confirm` will cost.
    """

    id: int
    library_id: str
    name: str
    sha256: str
    size_bytes: int
    stage: Stage
    done: int = 0
    total: int = 0
    outcome: str = ""
    document_id: str | None = None
    attempts: int = 0
    parent_id: int | None = None
    estimate: Estimate | None = None
    origin: Origin = NOWHERE

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to the file by itself."""
        return self.stage in (Stage.DONE, Stage.FAILED, Stage.CANCELLED)

    @property
    def is_lost(self) -> bool:
        """Whether it failed and nothing of it is in the library."""
        return self.stage is Stage.FAILED and self.document_id is None
