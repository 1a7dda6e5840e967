"""What a hostile file is, how reading it may end, and the shelves that keep them by kind."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rag.domain import DocumentState

READY = DocumentState.READY
PARTIAL = DocumentState.PARTIAL
NEEDS_OCR = DocumentState.NEEDS_OCR
EMPTY = DocumentState.EMPTY
NEEDS_PASSWORD = DocumentState.NEEDS_PASSWORD
DAMAGED = DocumentState.DAMAGED
UNSUPPORTED = DocumentState.UNSUPPORTED
TOO_LARGE = DocumentState.TOO_LARGE
REFUSED = (DAMAGED, UNSUPPORTED, TOO_LARGE)

SECRET = "the-secret-of-this-machine"  # what no hostile file may make us read
TEXT = "Honest words."  # what can be read in a file that is hostile otherwise


@dataclass(frozen=True, slots=True)
class Trap:
    """What a hostile file reaches for: a file of this machine, a new one, and a server on it."""

    secret: Path
    lure: Path
    url: str


@dataclass(frozen=True, slots=True)
class HostileFile:
    """A hostile file; `name` is what its owner calls it, `said` what reading it must find.

    `states` are the ends that reading it may come to. One that is damaged may be read or refused,
    depending on how much the reader mends; one that is far too large must be refused.
    """

    key: str
    name: str
    build: Callable[[Trap], bytes]
    states: frozenset[DocumentState]
    said: str = ""
    slow: bool = False


@dataclass(slots=True)
class Shelf:
    """The hostile files of one kind, in the order in which they are written down."""

    files: list[HostileFile] = field(default_factory=list)

    def put(
        self, name: str, *states: DocumentState, said: str = "", slow: bool = False
    ) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
        """Put what the function below builds on the shelf."""

        def keep(build: Callable[[], bytes]) -> Callable[[], bytes]:
            self._keep(name, states, lambda _trap: build(), build.__name__, said, slow)
            return build

        return keep

    def put_trapped(
        self, name: str, *states: DocumentState, said: str = ""
    ) -> Callable[[Callable[[Trap], bytes]], Callable[[Trap], bytes]]:
        """The same for a file that reaches for something of this machine."""

        def keep(build: Callable[[Trap], bytes]) -> Callable[[Trap], bytes]:
            self._keep(name, states, build, build.__name__, said, slow=False)
            return build

        return keep

    def _keep(
        self,
        name: str,
        states: tuple[DocumentState, ...],
        build: Callable[[Trap], bytes],
        key: str,
        said: str,
        slow: bool,
    ) -> None:
        self.files.append(HostileFile(key, name, build, frozenset(states), said, slow))


def laughs(levels: int = 9) -> str:
    """A document type declaration whose last entity has a billion "lol"."""
    entities = "".join(
        f'<!ENTITY lol{level} "{f"&lol{level - 1};" * 10}">' for level in range(1, levels + 1)
    )
    return f'<!DOCTYPE lolz [<!ENTITY lol0 "lol">{entities}]>'


def lines_of(content: bytes) -> str:
    """Base64 in lines, as mails have it."""
    return base64.encodebytes(content).decode("ascii")
