"""Reads files for another process: asked by frames on its input, it answers on its output.

Before the first byte of a file is read, it gives up everything that reading does not need.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ingest.confinement import allow_seconds, confine, memory_in_use
from ingest.loaded import LoadedDocument
from ingest.wire import Kind, pack, read, write
from rag.errors import DocumentError, NotFoundError

PROGRESS_SECONDS = 0.05  # between two words about it; the last page's is always sent


class Load(Protocol):
    """Reads a file: `ingest.loaders.load.load`."""

    def __call__(
        self, path: Path, name: str, *, max_pages: int, progress: Callable[[int, int], None]
    ) -> LoadedDocument:
        """What is in the file; `name` is what its owner calls it."""


class PageImage(Protocol):
    """Draws a page of a file, counted from 1."""

    def __call__(self, path: Path, number: int, width_pixels: int) -> bytes:
        """The picture, in a format that browsers show."""


def serve(load: Load, pictures: Mapping[str, PageImage], memory_bytes: int) -> None:
    """Confine this process, then answer until there are no more questions.

    `pictures` are the ways of drawing a page, by the name of the task.

    Whatever a reader raises besides what it may raise ends the process, and says so on stderr.
    """
    questions, answers = _own_streams()
    confine(memory_bytes)
    with questions, answers:
        _Server(load, pictures, answers).answer_all(questions)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Input and output, out of the way of whatever reads or prints; the output is then stderr."""
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return questions, answers


class _Server:
    def __init__(self, load: Load, pictures: Mapping[str, PageImage], answers: BinaryIO) -> None:
        self._load = load
        self._pictures = pictures
        self._answers = answers
        self._last_word = 0.0

    def answer_all(self, questions: BinaryIO) -> None:
        self._say(Kind.READY)
        self._answers.flush()
        while frame := read(questions):
            request = json.loads(frame[1])
            allow_seconds(request["seconds"])
            self._answer(request)
            self._say(Kind.END, pack(memory_in_use()[1]))
            self._answers.flush()

    def _answer(self, request: dict[str, Any]) -> None:
        try:
            if request["task"] in self._pictures:
                self._draw(request)
            else:
                self._read(request)
        except DocumentError as error:
            self._say(Kind.REFUSED, pack([error.state, error.reason]))
        except NotFoundError as error:
            self._say(Kind.NOT_FOUND, pack(str(error)))
        except OSError as error:
            self._say(Kind.OS_ERROR, pack([error.errno or 0, error.strerror or str(error)]))
        except MemoryError:
            self._say(Kind.OUT_OF_MEMORY)

    def _read(self, request: dict[str, Any]) -> None:
        self._last_word = 0.0
        document = self._load(
            Path(request["path"]),
            request["name"],
            max_pages=request["max_pages"],
            progress=self._progress,
        )
        self._say(Kind.DOCUMENT, pack(document))
        for attachment in document.attachments:
            self._say(Kind.CONTENT, attachment.content)

    def _draw(self, request: dict[str, Any]) -> None:
        path, number = Path(request["path"]), request["number"]
        draw = self._pictures[request["task"]]
        self._say(Kind.IMAGE, draw(path, number, request["width_pixels"]))

    def _progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done >= total or now - self._last_word >= PROGRESS_SECONDS:
            self._last_word = now
            self._say(Kind.PROGRESS, pack([done, total]))
            self._answers.flush()

    def _say(self, kind: Kind, content: bytes = b"") -> None:
        write(self._answers, kind, content)
