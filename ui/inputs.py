"""What the command line reads: files and folders, questions, stdin."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from rag.batch import Format
from rag.errors import SettingsError
from rag.store.rows import storable
from ui import printing

STDIN = "-"


def files(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The files themselves and those in folders, hidden ones left out.

    What lies in a folder and is no file, such as a pipe or a link to nothing, is told on stderr.

    Returns:
        Them, and a sentence for each path that is not there or cannot be read.
    """
    found: list[Path] = []
    missing: list[str] = []
    for path in paths:
        try:
            found += _files_of(path)
        except OSError as error:
            missing.append(f"{path} cannot be read ({error.strerror}).")
        except SettingsError as error:
            missing.append(str(error))
    return found, missing


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        inside = [each for each in sorted(path.rglob("*")) if not _is_hidden(each, path)]
        for other in (each for each in inside if not each.is_file() and not each.is_dir()):
            printing.tell(f"{other} was passed over: it is {_kind(other)}.")
        return [file for file in inside if file.is_file()]
    if not path.is_file():
        raise SettingsError(f"There is no file or folder {path}.")
    return [path]


def read_question(question: str) -> str:
    """The question itself, or for `-` what stands on stdin."""
    if question == STDIN:
        _read_utf8(sys.stdin, errors="replace")
        question = sys.stdin.read()
    return storable(question).strip()


@contextmanager
def opened(file: str) -> Iterator[TextIO]:
    """A file of questions, or stdin for `-`; what is not UTF-8 in it comes as lone surrogates.

    Raises:
        SettingsError: the file cannot be read.
    """
    if file == STDIN:
        _read_utf8(sys.stdin, errors="surrogateescape")
        yield sys.stdin
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(
                Path(file).open(encoding="utf-8-sig", errors="surrogateescape", newline="")
            )
        except OSError as error:
            raise SettingsError(f"{file} cannot be read ({error.strerror}).") from error
        yield stream


def format_of(file: str) -> Format:
    """What a file of questions is, by its name."""
    return "csv" if Path(file).suffix.lower() in (".csv", ".tsv") else "jsonl"


def _kind(path: Path) -> str:
    return "a link to nothing" if path.is_symlink() else "a pipe, a socket or a device"


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _read_utf8(stream: TextIO, *, errors: str) -> None:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8-sig", errors=errors)
