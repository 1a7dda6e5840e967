"""What documents are known by, as far as the catalog tells."""

from __future__ import annotations

from rag.registries import HEAD_OF_TEXT, LEAST_TEXT, Registries
from tests.rag.desk import Desk

HEAD = "Annual letter of Nordwind to its owners.\n\n"


def preferred(desk: Desk, question: str) -> set[str]:
    registry = Registries(desk.catalog).of(desk.catalog.library("documents"))
    found = registry.mentions(question, lambda _: 0.0).preferred
    names = {each.id: each.name for each in desk.catalog.documents(desk.library.id)}
    return {names[id_] for id_ in found}


def test_a_long_text_is_known_by_the_names_at_its_head(desk: Desk) -> None:
    rest = "the wind blows and the sea is rough\n\n" * (LEAST_TEXT // 30)
    desk.add("letter.txt", HEAD + rest + "Ostwind is last.")
    desk.add("note.txt", HEAD.replace("Nordwind", "Westwind"))
    assert len(HEAD) < HEAD_OF_TEXT < len(rest)

    assert preferred(desk, "What does the letter of Nordwind say?") == {"letter.txt"}
    assert preferred(desk, "What does Nordwind say?") == {"letter.txt"}
    assert preferred(desk, "What does Ostwind say?") == set()
    assert preferred(desk, "What does Westwind say?") == set()  # it is short: no head, all of it


def test_a_registry_follows_its_library(desk: Desk) -> None:
    registries = Registries(desk.catalog)
    before = registries.of(desk.catalog.library("documents"))
    added = desk.add("borealis.txt", "It is cold.")
    after = registries.of(desk.catalog.library("documents"))

    assert registries.of(desk.catalog.library("documents")) is after
    assert before.mentions("Borealis?", lambda _: 0.0).preferred == {}
    assert after.mentions("Borealis?", lambda _: 0.0).preferred == {added.id: 1.0}
