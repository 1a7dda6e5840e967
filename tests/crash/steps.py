"""What operations and stages are, and those that every library knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.crash.program import Program
from tests.crash.shelf import Shelf

Act = Callable[[Program], None]
Change = Callable[[Shelf], Shelf]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: once it returns, what it `changes` is acknowledged."""

    name: str
    act: Act
    changes: Change = lambda shelf: shelf


@dataclass(frozen=True, slots=True)
class Stage:
    """Steps of one process, which goes on where the stage before ended or has its own start."""

    name: str
    steps: tuple[Step, ...]
    start: Callable[[Path], Shelf] | None = None

    def after(self, shelf: Shelf, count: int) -> Shelf:
        """What there is once so many steps are done."""
        for step in self.steps[:count]:
            shelf = step.changes(shelf)
        return shelf


def remove(name: str) -> Step:
    return Step(f"remove {name}", lambda it: it.remove(name), lambda it: it.removed(name))


def bring_back(name: str) -> Step:
    return Step(
        f"bring back {name}", lambda it: it.bring_back(name), lambda it: it.brought_back(name)
    )


def purge_document(name: str) -> Step:
    return Step(f"purge {name}", lambda it: it.purge(name), lambda it: it.purged_of(name))


def mark(name: str) -> Step:
    def changed(shelf: Shelf) -> Shelf:
        return replace(shelf, marked=shelf.marked | {name})

    return Step(f"mark {name}", lambda it: it.mark(name), changed)


def embed_anew(model: str) -> Step:
    return Step(
        f"embed with {model}",
        lambda program: program.embed_anew(model),
        lambda shelf: replace(shelf, model=model),
    )


DRAIN = Step("drain", lambda program: program.drain())
SEARCH = Step("search", lambda program: program.open_indexes())
REBUILD = Step("rebuild", lambda program: program.rebuild())
BACK_UP = Step("back up", lambda program: program.back_up(), lambda shelf: shelf.backed_up())
RESTORE = Step("restore", lambda program: program.restore(), lambda shelf: shelf.made_anew())
