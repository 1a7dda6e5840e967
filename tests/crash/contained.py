"""Stages of what holds other files, of scans, and of several libraries, from an empty folder on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rag.purging import purge
from rag.store.holdings import NewLibrary
from tests.crash.papers import Paper, archive, mail, plain, scan
from tests.crash.program import Program
from tests.crash.shelf import DIMENSIONS, FIRST_MODEL, NAME, SECOND_MODEL, Shelf
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
    purge_document,
    remove,
)

ALIKE, OTHER, HARBOUR, PIER = "alike", "other", "harbour", "pier"
LETTER, BUNDLE, SCAN, COPY = "letter.eml", "bundle.zip", "scan.pdf", "copymarkc.txt"
NOVEMBER, OSCAR, PAPA = "novembermarkn.txt", "oscarmarkn.txt", "papamarkn.txt"
QUEBEC, ROMEO, SIERRA, FAREWELL = "quebecmarkn.txt", "romeomarkn.txt", "sierra.txt", "farewell.eml"
INNER, LONELY, OWN = "inner.eml", "lonelymarkn.txt", "ownmarkn.txt"
TANGO = "tangomarkn.txt"


def contained() -> tuple[Stage, ...]:
    """The stages, in order."""
    letter = mail(LETTER, "a", [plain(NOVEMBER, "a"), plain(OSCAR, "a")])
    own = Paper(OWN, letter.held[0].content, letter.held[0].text)
    copied = replace(own, name=COPY)
    inner = mail(INNER, "a", [plain(ROMEO, "a")])
    bundle = archive(BUNDLE, [plain(PAPA, "a"), plain(QUEBEC, "a"), inner])
    anew = archive(BUNDLE, [plain(PAPA, "b"), inner, plain(SIERRA, "a")])
    farewell = mail(FAREWELL, "a", [plain(LONELY, "a")])
    oscar, quebec = f"{LETTER}/{OSCAR}", f"{BUNDLE}/{QUEBEC}"
    lonely = f"{FAREWELL}/{LONELY}"
    return (
        Stage("add a mail", (_hand_over(letter), DRAIN, SEARCH), _empty),
        Stage("add an archive", (_hand_over(bundle), DRAIN, SEARCH)),
        Stage("add by itself", (_hand_over(own), DRAIN, SEARCH)),
        Stage("add under another name", (_hand_over(copied), DRAIN)),
        Stage(
            "call by a name in use", (_hand_over(plain(TANGO, "a")), DRAIN, *_renamed(own), SEARCH)
        ),
        Stage("replace an archive", (_hand_over(anew), DRAIN, SEARCH)),
        Stage("remove a mail", (remove(LETTER), bring_back(LETTER), remove(oscar), SEARCH)),
        Stage("purge what a mail held", (purge_document(oscar), purge_document(quebec), SEARCH)),
        Stage("purge a mail", _purged_whole(farewell, lonely)),
        Stage("read a scan", (_hand_over(scan(SCAN)), DRAIN, SEARCH)),
        Stage("make libraries", (_make(ALIKE, FIRST_MODEL), _make(OTHER, SECOND_MODEL))),
        Stage("move", (_move(OWN, ALIKE), _move(SCAN, OTHER), DRAIN, SEARCH)),
        Stage("rename", (_rename(ALIKE, PIER), _rename(NAME, HARBOUR), _language("fr"), SEARCH)),
        Stage("delete libraries", (_delete(PIER), _delete(OTHER), SEARCH)),
        Stage("bring a library back", (_bring_back_room(PIER), DRAIN, SEARCH)),
        Stage("back up libraries", (BACK_UP, RESTORE, REBUILD)),
        Stage("purge what was moved", _purged_in(PIER, OWN)),
        Stage("purge a library", (_purge_room(OTHER), SEARCH)),
        Stage("switch beside another", (embed_anew(SECOND_MODEL), SEARCH)),
    )


def _empty(_root: Path) -> Shelf:
    return Shelf()


def _hand_over(paper: Paper) -> Step:
    return Step(
        f"submit {paper.name}", lambda it: it.hand_over(paper), lambda it: it.taken_in(paper)
    )


def _renamed(paper: Paper) -> tuple[Step, ...]:
    """Hand a paper over under the name of another one."""
    return _hand_over(replace(paper, name=TANGO)), DRAIN


def _purged_whole(paper: Paper, held: str) -> tuple[Step, ...]:
    """Take a mail in, and purge it with all that it held."""
    taken = (_hand_over(paper), DRAIN, remove(paper.name), remove(held))
    return (*taken, purge_document(held), purge_document(paper.name), SEARCH)


def _make(name: str, model: str) -> Step:
    def act(program: Program) -> None:
        program.catalog.libraries.create(NewLibrary(name, model, DIMENSIONS[model]))

    return Step(f"make {name}", act, lambda it: it.with_room(name, Shelf(name=name, model=model)))


def _move(name: str, room: str) -> Step:
    return Step(
        f"move {name} to {room}", lambda it: it.move(name, room), lambda it: it.moved(name, room)
    )


def _rename(name: str, other: str) -> Step:
    def act(program: Program) -> None:
        program.catalog.libraries.rename(program.room(name).id, other)

    def changed(shelf: Shelf) -> Shelf:
        if name == shelf.name:
            return replace(shelf, name=other)
        return shelf.with_room(name, replace(shelf.rooms[name], name=other))

    return Step(f"rename {name}", act, changed)


def _language(language: str) -> Step:
    def act(program: Program) -> None:
        program.catalog.libraries.set_language(program.library.id, language)

    return Step(f"set the language {language}", act)


def _delete(name: str) -> Step:
    def act(program: Program) -> None:
        program.catalog.libraries.remove(program.room(name).id)

    return Step(f"delete {name}", act, lambda it: it.with_deleted(name))


def _bring_back_room(name: str) -> Step:
    def act(program: Program) -> None:
        program.catalog.libraries.bring_back(program.deleted_room(name).library.id)

    return Step(f"bring {name} back", act, lambda it: it.with_restored(name))


def _purge_room(name: str) -> Step:
    def act(program: Program) -> None:
        purge(program.catalog, [], [program.deleted_room(name)])

    return Step(f"purge {name}", act, lambda it: it.without(name))


def _purged_in(room: str, name: str) -> tuple[Step, ...]:
    """Remove a document of another library, and purge it."""

    def removed(shelf: Shelf) -> Shelf:
        return shelf.with_room(room, shelf.rooms[room].removed(name))

    def purged(shelf: Shelf) -> Shelf:
        its = shelf.rooms[room]
        gone = its.purged_of(name)
        names = gone.purged | shelf.purged
        texts = set(its.texts()) - set(gone.texts())
        return replace(shelf.with_room(room, gone).without_contents(texts), purged=names)

    return (
        Step(f"remove {name} from {room}", lambda it: it.remove_from(room, name), removed),
        Step(f"purge {name} from {room}", lambda it: it.purge_from(room, name), purged),
        SEARCH,
    )
