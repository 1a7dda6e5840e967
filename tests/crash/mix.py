"""The operations that are cut short: stages of steps, each with what there is once it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag.errors import StoreError
from rag.store import backup
from rag.store.isolation import Upkeep
from tests.crash.contained import contained
from tests.crash.old import OLD_NAME, OLD_TEXT, make_old, schemas
from tests.crash.papers import text_of_version
from tests.crash.program import Program, let_hours_pass
from tests.crash.shelf import SECOND_MODEL, Shelf
from tests.crash.steps import (
    BACK_UP,
    DRAIN,
    REBUILD,
    RESTORE,
    SEARCH,
    Stage,
    Step,
    bring_back,
    embed_anew,
    mark,
    purge_document,
    remove,
)


def _submit(name: str, version: str, sentences: int = 3, *, kept: bool = False) -> Step:
    text = text_of_version(name, version, sentences)

    def act(program: Program) -> None:
        (program.submit_kept if kept else program.submit)(name, text)

    return Step(f"submit {name} {version}", act, lambda shelf: shelf.added(name, text))


def _damage(kind: str) -> Step:
    """Flip a byte in each file of a kind of index, as a failing disk does, and search again."""

    def act(program: Program) -> None:
        for path in program.data.glob(f"derived/*/{kind}-*/*"):
            if path.suffix != ".json" and not path.name.startswith("."):
                _flip(path)
        program.close()
        fresh = Program(program.root)
        fresh.open_indexes()
        vars(program).update(vars(fresh))

    return Step(f"damage {kind}", act)


def _disorder(program: Program) -> None:
    """Leave what older releases and their crashes may have left, for `rebuild` to mend."""
    with program.catalog.for_upkeep(Upkeep.SOUNDNESS)._writer.begin() as connection:
        connection.exec_driver_sql("UPDATE document SET chunks = chunks + 1")
        connection.exec_driver_sql("UPDATE chunk SET text_hash = x'0011' WHERE id % 2 = 0")
    left = program.data / "derived" / program.library.id / ".old-crashed"
    try:
        left.mkdir(parents=True)
    except OSError as error:  # of this test alone
        raise StoreError("The disk is full.") from error
    let_hours_pass(left)


def _back_up_on_a_bad_disk(program: Program) -> None:
    """Write a backup that is damaged as soon as it is written: it is refused, and nothing left."""
    target: Any = backup
    write = target.write_archive

    def badly(path: Path, *more: Any) -> None:
        write(path, *more)
        _flip(path)

    target.write_archive = badly
    try:
        program.back_up()
    except StoreError:
        return
    finally:
        target.write_archive = write
    raise AssertionError("a damaged backup was taken for a good one")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) * 2 // 3
    for place in range(middle, min(middle + FLIPPED_BYTES, len(content))):
        content[place] ^= 0xFF
    path.write_bytes(content)


ON_A_BAD_DISK = Step("back up on a bad disk", _back_up_on_a_bad_disk)
READ_AGAIN = Step("read again", lambda program: program.read_again("alpha.txt"))

FLIPPED_BYTES = 16
A, B, C, D, LONG = "alpha.txt", "bravo.txt", "charlie.md", "delta.txt", "golf.txt"
STAGES = (
    Stage("add", (_submit(A, "a"), _submit(B, "a"), DRAIN, SEARCH, _submit(C, "a"), DRAIN, SEARCH)),
    Stage("add from a folder", (_submit(D, "a", kept=True), DRAIN, SEARCH)),
    Stage("add twice", (_submit(A, "a"), _submit(D, "a", kept=True), DRAIN)),
    Stage("replace", (_submit(B, "b"), DRAIN, SEARCH, _submit(B, "c"), DRAIN, SEARCH)),
    Stage("remove", (remove(A), SEARCH, remove(D), SEARCH)),
    Stage("undo", (bring_back(A), SEARCH, DRAIN, SEARCH)),
    Stage("add what was removed", (_submit(D, "a"), DRAIN, SEARCH)),
    Stage("embed", (_submit(LONG, "a", 240), DRAIN, SEARCH)),
    Stage("damage", (_damage("vectors"), _damage("lexical"), _damage("codes"))),
    Stage("purge", (mark(B), mark(C), remove(B), SEARCH, purge_document(B), SEARCH)),
    Stage("switch", (embed_anew(SECOND_MODEL), SEARCH)),
    Stage("rebuild", (Step("disorder", _disorder), REBUILD)),
    Stage("read again", (READ_AGAIN, SEARCH, Step("dismiss", lambda it: it.dismiss_all()))),
    Stage("back up", (BACK_UP, remove(C), BACK_UP, ON_A_BAD_DISK)),
    Stage("restore", (RESTORE,)),
)


def _old(schema: int) -> Stage:
    def start(root: Path) -> Shelf:
        make_old(root, schema)
        return Shelf(live={OLD_NAME: OLD_TEXT})

    steps = (SEARCH, _submit("india.txt", "a"), DRAIN, SEARCH)
    return Stage(f"migrate from schema {schema}", steps, start)


def stages() -> tuple[Stage, ...]:
    """Every stage, in order."""
    return (*STAGES, *contained(), *(_old(schema) for schema in schemas()))
