"""Files that were accepted and are not in the library yet: kept on disk until they are.

A file has its job's number in its name and a note beside it, so that a server that was killed
goes on where it stopped. What reads a file counts the attempt first: one that brings the whole
program down is not tried for ever.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag.errors import StoreError
from rag.store.blobs import sync_folder

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3  # that ended with the program itself
NAME = re.compile(r"(\d{8,})-[0-9a-f]{8}")
UNFINISHED = ".new-"
NOTE_SUFFIX = ".json"
ABANDONED_SECONDS = 3600  # after this, an unfinished upload is what a crash left behind


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that was accepted: its job's number, where it lies, and its name as shown.

    `attempts` counts those that were begun and never ended, neither well nor badly.
    """

    number: int
    path: Path
    name: str
    attempts: int = 0

    @property
    def is_poison(self) -> bool:
        """Whether reading it has ended the program too often to be tried once more."""
        return self.attempts >= MOST_ATTEMPTS


@dataclass(frozen=True, slots=True)
class _Note:
    name: str
    library: str
    attempts: int


class Incoming:
    """A folder of accepted files that wait for one library."""

    def __init__(self, folder: Path, library: str) -> None:
        """Use a folder, made when the first file comes; `library` is the name of the library."""
        self._folder = folder
        self._library = library

    def new_file(self) -> Path:
        """An empty file to receive into; it does not wait before it is accepted.

        Raises:
            StoreError: the folder cannot be written.
        """
        path = self._folder / f"{UNFINISHED}{secrets.token_hex(8)}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            raise self._unwritable(error) from error
        return path

    def accept(self, path: Path, number: int, name: str) -> Waiting:
        """Take a received file over: once this returns, no crash loses it.

        Raises:
            StoreError: it cannot be moved into the folder; it is still where it was.
        """
        place = self._folder / f"{number:08d}-{secrets.token_hex(4)}"
        waiting = Waiting(number, place, name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            self._write_note(waiting)
            path.rename(place)
            sync_folder(self._folder)
        except OSError as error:
            with suppress(OSError):
                _note_of(place).unlink(missing_ok=True)
            raise self._unwritable(error) from error
        return waiting

    def waiting(self) -> list[Waiting]:
        """What a server before this one accepted and did not take in, in the order it came.

        Raises:
            StoreError: the folder cannot be read.
        """
        found: list[Waiting] = []
        for path in sorted(self._listed()):
            match = NAME.fullmatch(path.name)
            note = _read_note(path) if match else None
            if match and note is not None and note.library == self._library:
                found.append(Waiting(int(match[1]), path, note.name, note.attempts))
            elif match is None and _is_abandoned(path):
                path.unlink(missing_ok=True)
        return found

    def begin(self, waiting: Waiting) -> Waiting:
        """Count an attempt, before anything is read.

        Raises:
            StoreError: the count cannot be written.
        """
        begun = replace(waiting, attempts=waiting.attempts + 1)
        self._count(begun)
        return begun

    def end(self, waiting: Waiting) -> Waiting:
        """Forget the attempts: the last one ended without ending the program."""
        ended = replace(waiting, attempts=0)
        try:
            self._count(ended)
        except StoreError as error:
            logger.warning("%s", error)
        return ended

    def discard(self, waiting: Waiting) -> None:
        """Delete a file and its note; that it cannot be deleted is only logged."""
        try:
            waiting.path.unlink(missing_ok=True)
            _note_of(waiting.path).unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s cannot be deleted (%s)", waiting.path, error.strerror)

    def _count(self, waiting: Waiting) -> None:
        try:
            if waiting.path.exists():
                self._write_note(waiting)
        except OSError as error:
            raise self._unwritable(error) from error

    def _listed(self) -> list[Path]:
        try:
            return list(self._folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):  # nothing ever came
            return []
        except OSError as error:
            raise self._unwritable(error) from error

    def _write_note(self, waiting: Waiting) -> None:
        note = _note_of(waiting.path)
        fresh = note.with_name(f"{UNFINISHED}{note.name}")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(asdict(_Note(waiting.name, self._library, waiting.attempts)), file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(note)
        except BaseException:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The folder {self._folder} cannot be written ({error.strerror}). Check that it is a "
            "folder, can be written and has room."
        )


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + NOTE_SUFFIX)


def _read_note(path: Path) -> _Note | None:
    """The note beside a file; None where it is damaged, which no crash can cause."""
    try:
        return _Note(**json.loads(_note_of(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        logger.warning("%s waits without a note that can be read (%s)", path, error)
        return None


def _is_abandoned(path: Path) -> bool:
    is_ours = path.name.startswith(UNFINISHED) or (
        path.suffix == NOTE_SUFFIX and not path.with_suffix("").exists()
    )
    try:
        return is_ours and time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    except OSError:  # gone by now
        return False
