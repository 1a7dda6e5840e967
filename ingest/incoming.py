"""The folder of files that are being received, and what an earlier release kept waiting there."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.errors import StoreError
from rag.store.workplaces import own_file, remove_abandoned

logger = logging.getLogger(__name__)

NAME = re.compile(r"(\d{8,})-[0-9a-f]{8}")
UNFINISHED = ".new-"
NOTE_SUFFIX = ".json"
ABANDONED_SECONDS = 3600  # after this, a note without its file is what a crash left behind


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that an earlier release accepted: where it lies, and its name as shown."""

    number: int
    path: Path
    name: str


class Incoming:
    """A folder to receive files into."""

    def __init__(self, folder: Path, library: str) -> None:
        """Use a folder, made when the first file comes; `library` is the name of the library."""
        self._folder = folder
        self.library = library

    @contextmanager
    def new_file(self) -> Iterator[Path]:
        """An empty file to receive into; at the end it is gone, unless it was moved away.

        Raises:
            StoreError: the folder cannot be written.
        """
        with ExitStack() as stack:
            try:
                self._folder.mkdir(exist_ok=True, mode=0o700)  # no data directory is made anew
                path = stack.enter_context(own_file(self._folder, UNFINISHED))
            except OSError as error:
                raise self._unwritable(error) from error
            yield path

    def waiting(self) -> list[Waiting]:
        """What an earlier release accepted and did not take in, in the order it came.

        What a crash left half received is deleted on the way.

        Raises:
            StoreError: the folder cannot be read.
        """
        found: list[Waiting] = []
        for path in sorted(self._listed()):
            match = NAME.fullmatch(path.name)
            note = _read_note(path) if match else None
            if match and note is not None and note.get("library") == self.library:
                found.append(Waiting(int(match[1]), path, str(note.get("name", path.name))))
            elif path.name.startswith(UNFINISHED):
                remove_abandoned(path)
            elif match is None and _is_old_note(path):
                path.unlink(missing_ok=True)
        return found

    def discard(self, waiting: Waiting) -> None:
        """Delete a file and its note; that it cannot be deleted is only logged."""
        try:
            waiting.path.unlink(missing_ok=True)
            _note_of(waiting.path).unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s cannot be deleted (%s)", waiting.path, error.strerror)

    def _listed(self) -> list[Path]:
        try:
            return list(self._folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):  # nothing ever came
            return []
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The folder {self._folder} cannot be written ({error.strerror}). Check that it is a "
            "folder, can be written and has room."
        )


def size_of(path: Path) -> int:
    """How many bytes a file has that is on its way in.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return path.stat().st_size
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}).") from error


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + NOTE_SUFFIX)


def _read_note(path: Path) -> dict[str, object] | None:
    """The note beside a file; None where it is damaged, which no crash can cause."""
    try:
        note = json.loads(_note_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        logger.warning("%s waits without a note that can be read (%s)", path, error)
        return None
    return note if isinstance(note, dict) else None


def _is_old_note(path: Path) -> bool:
    is_alone = path.suffix == NOTE_SUFFIX and not path.with_suffix("").exists()
    try:
        return is_alone and time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    except OSError:  # gone by now
        return False
