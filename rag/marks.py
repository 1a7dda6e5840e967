"""What people think of answers, kept with the evidence as questions to evaluate with.

One file of JSON lines for each library, `questions/<library id>.jsonl` in the data directory. Lines
are only ever added, in one synced write under a lock, so that several processes can mark at once
and a crash costs at most the line being written; the last line of an id counts.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from rag.claim_rows import claim_rows, quote_row
from rag.domain import Answer, Verdict
from rag.errors import NotFoundError, StoreError
from rag.failpoints import failpoint
from rag.store.blobs import sync_folder

QUESTIONS = "questions"  # the folder of all of them, in the data directory
LONGEST_REASON = 2_000  # characters
PLACES = ("cited", "evidence", "quotes", "right")  # the fields of a line that name documents

_logger = logging.getLogger(__name__)

PageNumber = Annotated[int, Field(strict=True, ge=1)]
Seconds = Annotated[float, Field(ge=0, lt=253_402_300_800)]  # from 1970 to the year 10000


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a document, by the document's name; `page` is None where the format has none."""

    document: Annotated[str, Field(pattern=r"\S")]
    page: PageNumber | None

    @property
    def told(self) -> str:
        """The place in words."""
        return self.document if self.page is None else f"{self.document}, p. {self.page}"


class Opinion(StrEnum):
    """What somebody thinks of an answer; `unanswerable`: it should have been refused."""

    WRONG = "wrong"
    RIGHT = "right"
    UNANSWERABLE = "unanswerable"


@dataclass(frozen=True, slots=True)
class MarkedQuote:
    """What an answer cited, as it stood there; positions as in a row of a batch."""

    document: str
    page: PageNumber | None
    start: int
    end: int
    quote: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class MarkedClaim:
    """A claim of an answer with its verdict; `citations` are positions among the quotes."""

    text: str
    verdict: Verdict
    reason: str = ""
    cited: bool = True
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkedAnswer:
    """An answer that somebody thinks something of, and why.

    `asked` is the question as it was typed, `question` as it was searched; `cited` are the places
    that the answer cited, `evidence` those that hold the right one, where somebody said so. The
    `quotes`, `claims` and `model` are those of the answer; a mark of an older version has none.
    """

    question: str
    asked: str
    answer: str
    refused: bool
    reason: str = ""
    cited: tuple[Place, ...] = ()
    evidence: tuple[Place, ...] = ()
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    marked_at: Seconds = field(default_factory=time.time)
    opinion: Opinion = Opinion.WRONG
    model: str = ""
    quotes: tuple[MarkedQuote, ...] = ()
    claims: tuple[MarkedClaim, ...] = ()
    grounded: bool = True

    @property
    def is_answerable(self) -> bool | None:
        """Whether the documents hold an answer, None where nobody said so."""
        if self.evidence:
            return True
        if self.opinion is Opinion.UNANSWERABLE:
            return False
        if self.opinion is Opinion.WRONG:
            return None
        return False if self.refused else True if self.cited else None

    @property
    def right_places(self) -> tuple[Place, ...]:
        """The places that hold the answer: those that were named, or that a right answer cited.

        A right answer may cite what does not support it: of its places those with a good verdict
        count, if there are any.
        """
        if self.evidence or self.opinion is not Opinion.RIGHT:
            return self.evidence
        good = (it for it in self.quotes if it.verdict in (Verdict.SUPPORTED, Verdict.PARTLY))
        return tuple(dict.fromkeys(Place(it.document, it.page) for it in good)) or self.cited


def marked_answer(
    asked: str, answer: Answer, reason: str = "", *, opinion: Opinion = Opinion.WRONG
) -> MarkedAnswer:
    """The mark for an answer, with what it cites and what checking it found."""
    cited = dict.fromkeys(
        Place(quote.document.name, quote.page if quote.document.paginated else None)
        for quote in (citation.quote for citation in answer.citations)
    )
    rows = [quote_row(it.quote) | {"verdict": it.verdict} for it in answer.citations]
    return MarkedAnswer(
        answer.question,
        asked,
        answer.text,
        answer.refused,
        reason.strip()[:LONGEST_REASON],
        tuple(cited),
        opinion=opinion,
        model=answer.model,
        quotes=_QUOTES.validate_python(rows),
        claims=_CLAIMS.validate_python(claim_rows(answer)),
        grounded=answer.grounded,
    )


class Marks:
    """The marked answers of libraries. Safe from many threads and processes."""

    def __init__(self, data_dir: Path, own: Callable[[str], object] | None = None) -> None:
        """Take the data directory; nothing is made before something is marked.

        `own` is called with the id of a library before its marks are read or written, and raises
        `NotFoundError` where it is not the principal's: `Catalog.library_with_id` does. Without it
        the marks of all owners are reached, as a purge has to.
        """
        self._folder, self._own = data_dir / QUESTIONS, own or (lambda _library_id: None)

    def mark(self, library_id: str, marked: MarkedAnswer) -> str:
        """Keep a marked answer; returns its id once it is on disk.

        Raises:
            NotFoundError: there is no such library.
            StoreError: it cannot be written.
        """
        self._own(library_id)
        with self._locked(library_id) as file:
            _append(file, asdict(marked))
        return marked.id

    def name_page(self, library_id: str, id_: str, place: Place) -> None:
        """Say which page holds the right answer.

        Raises:
            NotFoundError: there is no such mark (any more), or no such library.
            StoreError: it cannot be written.
        """
        self._own(library_id)
        with self._locked(library_id) as file:
            if all(marked.id != id_ for marked in self.marked(library_id)):
                raise NotFoundError("This mark was taken back.")
            _append(file, {"id": id_, "right": [asdict(place)]})

    def withdraw(self, library_id: str, id_: str) -> None:
        """Take a mark back.

        Raises:
            NotFoundError: there is no such library.
            StoreError: it cannot be written.
        """
        self._own(library_id)
        with self._locked(library_id) as file:
            _append(file, {"id": id_, "withdrawn": True})

    def forget(self, library_id: str, document: str) -> int:
        """Delete every line of the marks that tell of a document, by its name; how many.

        Raises:
            StoreError: the file cannot be written.
        """
        path = self._path(library_id)
        if not path.exists() and not _fresh(path).exists():
            return 0
        with self._locked(library_id):
            _fresh(path).unlink(missing_ok=True)  # of who was killed in rewriting it
            lines = path.read_bytes().splitlines()
            rows = [_read_row(line) for line in lines]
            gone = {row.get("id") for row in rows if _tells_of(row, document)}
            kept = [
                line
                for line, row in zip(lines, rows, strict=True)
                if row and row.get("id") not in gone  # a damaged line may tell anything
            ]
            if len(kept) < len(lines):
                _replace(path, kept)
        return len(lines) - len(kept)

    def forget_all(self, library_id: str) -> None:
        """Delete the marks of a library that is deleted for good.

        Raises:
            StoreError: the file cannot be deleted.
        """
        path = self._path(library_id)
        try:
            for each in (path, _fresh(path)):
                each.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"The file {path} cannot be deleted ({error.strerror}).") from error

    def marked(self, library_id: str) -> list[MarkedAnswer]:
        """The marks, in the order in which they were made; damaged lines are skipped.

        Raises:
            NotFoundError: there is no such library.
            StoreError: the file is there and cannot be read.
        """
        self._own(library_id)
        path = self._path(library_id)
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"The file {path} cannot be read ({error.strerror}).") from error
        found: dict[str, MarkedAnswer] = {}
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                _apply(row, found)
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
                _logger.warning("line %d of %s is damaged and left out", number, path)
        return list(found.values())

    def _path(self, library_id: str) -> Path:
        return self._folder / f"{library_id}.jsonl"

    @contextmanager
    def _locked(self, library_id: str) -> Iterator[int]:
        """The file of a library, which nobody else writes meanwhile."""
        path = self._path(library_id)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = _open_locked(path)
            try:
                yield file
            finally:
                os.close(file)
        except OSError as error:
            raise StoreError(
                f"The mark cannot be stored in {path} ({error.strerror}). Make room, or make the "
                "data directory writable, and mark the answer again."
            ) from error


def _open_locked(path: Path) -> int:
    """Open a file that nobody else writes meanwhile: the one that has the name once it is ours."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), path.stat()):
                return file
        os.close(file)


def _fresh(path: Path) -> Path:
    """What takes the place of a file, while it is written."""
    return path.with_suffix(".new")


def _replace(path: Path, lines: list[bytes]) -> None:
    """Put a file of these lines in the place of one that is locked, whole or not at all."""
    fresh = _fresh(path)
    fresh.touch(mode=0o600)
    with fresh.open("wb") as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    failpoint("marks.rewritten")
    fresh.replace(path)
    failpoint("marks.replaced")
    sync_folder(path.parent)


def _read_row(line: bytes) -> dict[str, Any]:
    """A line as it was written; nothing of one that is damaged."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _tells_of(row: dict[str, Any], document: str) -> bool:
    """Whether a line names a document among its places or its quotes."""
    places = [place for name in PLACES for place in row.get(name) or ()]
    return any(isinstance(place, dict) and place.get("document") == document for place in places)


def _append(file: int, row: dict[str, Any]) -> None:
    """Add a line, which is on disk when this returns."""
    line = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":  # a write was cut off
        line = b"\n" + line
    if os.write(file, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    failpoint("mark.written")
    os.fsync(file)
    failpoint("mark.lasting")


def _apply(row: dict[str, Any], found: dict[str, MarkedAnswer]) -> None:
    """Do what a line says: mark an answer, name the right page of one, or take a mark back."""
    id_ = row["id"]
    if row.get("withdrawn"):
        found.pop(id_, None)
    elif "right" not in row:
        found[id_] = _from_row(row)
    elif id_ in found:  # else it was taken back meanwhile
        found[id_] = replace(found[id_], evidence=_PLACES.validate_python(row["right"]))


def _from_row(row: dict[str, Any]) -> MarkedAnswer:
    marked = _MARKED.validate_python(row)
    if not marked.question.strip():
        raise ValueError("no question")
    return marked


_MARKED = TypeAdapter(MarkedAnswer)
_PLACES = TypeAdapter(tuple[Place, ...])
_QUOTES = TypeAdapter(tuple[MarkedQuote, ...])
_CLAIMS = TypeAdapter(tuple[MarkedClaim, ...])
