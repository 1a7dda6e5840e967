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

STDIN = "-"


def files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves and those in folders, hidden ones left out.

    Raises:
        SettingsError: there is no such file or folder.
    """
    found: list[Path] = []
    for path in paths:
        try:
            is_folder, is_file = path.is_dir(), path.is_file()
            inside = sorted(path.rglob("*")) if is_folder else []
            found += [file for file in inside if file.is_file() and not _is_hidden(file, path)]
        except OSError as error:
            raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error
        if is_file:
            found.append(path)
        elif not is_folder:
            raise SettingsError(f"There is no file or folder {path}.")
    return found


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


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _read_utf8(stream: TextIO, *, errors: str) -> None:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8-sig", errors=errors)
