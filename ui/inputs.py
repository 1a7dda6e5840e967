"""What the command line reads: files and folders, questions, stdin."""

from __future__ import annotations

import codecs
import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from rag.batch import Format
from rag.errors import SettingsError
from rag.intake import Origin
from rag.store.rows import storable
from ui import printing

STDIN = "-"
LOOKED_AT = 16  # bytes that tell whether a file is text
LOOKED_THROUGH = 1024  # bytes that tell whether a text is rows
ROWS = frozenset({".jsonl", ".json", ".ndjson"})
PROSE = frozenset({".md", ".markdown", ".pdf", ".docx"})
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BEFORE_TEXT = codecs.BOM_UTF8 + codecs.BOM_UTF16 + b"\0 \t\r\n"


def files(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The files themselves and those in folders, hidden ones left out.

    What lies in a folder and is no file, such as a pipe or a link to nothing, is told on stderr,
    and so is a link that leads out of it, which is not read unless it is itself one of the paths.

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


def origins(found: Iterable[Path], paths: Iterable[Path]) -> dict[Path, Origin]:
    """Where each of the files that were found was handed over from, as by these paths.

    Those of a folder are told apart by where they lie, and so are two of one name.
    """
    found, named = list(dict.fromkeys(found)), set(paths)
    count = Counter(path.name for path in found)
    return {
        path: Origin(str(path.absolute()), alone=path in named and count[path.name] == 1)
        for path in found
    }


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        inside = [each for each in sorted(path.rglob("*")) if not _is_hidden(each, path)]
        whole = path.resolve()
        reasons = {each: reason for each in inside if (reason := _not_read(each, whole))}
        for other, reason in reasons.items():
            printing.tell(f"{other} was passed over: it is {reason}.")
        return [file for file in inside if file not in reasons and file.is_file()]
    if not path.is_file():
        raise SettingsError(f"There is no file or folder {path}.")
    return [path]


def read_question(question: str) -> str:
    """The question itself, or for `-` what stands on stdin."""
    if question == STDIN:
        _read_as(sys.stdin, "utf-8-sig", errors="replace")
        question = sys.stdin.read()
    return storable(question).strip()


@contextmanager
def opened(file: str) -> Iterator[TextIO]:
    """A file of questions, or stdin for `-`; what is not UTF-8 in it comes as lone surrogates.

    One that says so at its beginning is read as UTF-16, as spreadsheets write it.

    Raises:
        SettingsError: the file cannot be read, or is no text.
    """
    with ExitStack() as stack:
        try:
            stream = sys.stdin if file == STDIN else stack.enter_context(_unread(file))
            start = _start(stream)
        except OSError as error:
            raise SettingsError(f"{file} cannot be read ({error.strerror}).") from error
        if start.startswith(UTF_16):
            _read_as(stream, "utf-16", errors="replace")
        elif b"\0" in start:
            raise SettingsError(
                f"{'The input' if file == STDIN else file} is no text. Save its rows as CSV or "
                "JSONL, in UTF-8."
            )
        else:
            _read_as(stream, "utf-8-sig", errors="surrogateescape")
        yield stream


def format_of(file: str, stream: TextIO) -> Format:
    """What a file of questions is: by its name, or where that ends in `.txt` by how it begins."""
    suffix = Path(file).suffix.lower()
    if suffix == ".txt":
        return "jsonl" if _start(stream).lstrip(BEFORE_TEXT).startswith(b"{") else "csv"
    return "csv" if suffix in (".csv", ".tsv") else "jsonl"


def holds_rows(file: str) -> bool:
    """Whether a file, or stdin for `-`, holds rows of JSON: by its name, or by how it begins.

    Raises:
        SettingsError: it cannot be read.
    """
    suffix = Path(file).suffix.lower()
    if suffix in PROSE:
        return False
    try:
        if file == STDIN:
            return _begins_as_rows(_start(sys.stdin, LOOKED_THROUGH))
        with _unread(file) as stream:
            return suffix in ROWS or _begins_as_rows(_start(stream, LOOKED_THROUGH))
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}).") from error


def _begins_as_rows(start: bytes) -> bool:
    begun = start.lstrip(BEFORE_TEXT)
    return begun.startswith(b"{") or (
        begun.startswith(b"[") and begun[1:].lstrip(BEFORE_TEXT).startswith(b"{")
    )


def _unread(file: str) -> TextIO:
    return Path(file).open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _start(stream: TextIO, count: int = LOOKED_AT) -> bytes:
    """The first bytes of a stream of which nothing is read yet, as far as they can be seen."""
    buffer = getattr(stream, "buffer", None)
    return buffer.peek(count)[:count] if isinstance(buffer, io.BufferedReader) else b""


def _not_read(path: Path, folder: Path) -> str:
    """What keeps a path in a folder, which is no link, from being read; empty where nothing does.

    A link that leads out of the folder could bring in what the one who chose it never saw.
    """
    if not path.is_file() and not path.is_dir():
        return "a link to nothing" if path.is_symlink() else "a pipe, a socket or a device"
    if path.is_symlink() and not path.resolve().is_relative_to(folder):
        return "a link that leads out of the folder; to add it, name it by itself"
    return ""


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _read_as(stream: TextIO, encoding: str, *, errors: str) -> None:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors=errors)
