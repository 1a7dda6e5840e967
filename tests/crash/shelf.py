"""What a data directory should hold, as plain values: the model that the store is held against."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.crash.papers import Paper

NAME = "documents"
FIRST_MODEL, SECOND_MODEL = "hashed-words", "other-words"
DIMENSIONS = {FIRST_MODEL: 64, SECOND_MODEL: 32}
MARK = re.compile(r"\b[a-z]+mark[a-z]\b")  # a word that is in one version of one document alone


HASHES: dict[str, str] = {}  # of files by the text that is read of them, or the names of what held
COMPARED = (
    *("live", "versions", "trash", "model", "name", "held", "aliases", "rooms", "deleted"),
    *("marked", "backup", "restored"),
)


@dataclass(frozen=True)
class Shelf:
    """What a library holds: texts by name, earlier versions by name, the trash as (name, text).

    `held` are the names and hashes of what mails and archives held, `aliases` other names of files
    with their hashes, and `marked` the documents that a marked answer cites. One library has those
    beside it too: `rooms` by name, and the `deleted` ones; a `backup` of all, and what was
    `restored` from one. Of what was `purged`, texts and names, no byte may be left.
    """

    live: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trash: tuple[tuple[str, str], ...] = ()
    model: str = FIRST_MODEL
    name: str = NAME
    held: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    aliases: frozenset[tuple[str, str]] = frozenset()
    rooms: Mapping[str, Shelf] = field(default_factory=dict)
    deleted: Mapping[str, Shelf] = field(default_factory=dict)
    marked: frozenset[str] = frozenset()
    backup: Shelf | None = None
    restored: Shelf | None = None
    purged: frozenset[str] = field(default=frozenset(), compare=False)

    def added(self, name: str, text: str) -> Shelf:
        """With a file, which takes the place of one of its name, or comes back from the trash."""
        versions = dict(self.versions)
        if name in self.live and self.live[name] != text:
            versions[name] = (self.live[name], *versions.get(name, ()))
        trash = tuple(each for each in self.trash if each != (name, text))
        return replace(self, live={**self.live, name: text}, versions=versions, trash=trash)

    def removed(self, name: str) -> Shelf:
        """Without a document, which is in the trash."""
        live = {each: text for each, text in self.live.items() if each != name}
        trash = tuple(sorted([*self.trash, (name, self.live[name])]))
        return replace(self, live=live, trash=trash)

    def brought_back(self, name: str) -> Shelf:
        """With a document of the trash."""
        (text,) = (text for each, text in self.trash if each == name)
        trash = tuple(each for each in self.trash if each[0] != name)
        return replace(self, live={**self.live, name: text}, trash=trash)

    def purged_of(self, name: str) -> Shelf:
        """Without a document of the trash, its versions, and what tells of them."""
        gone = {text for each, text in self.trash if each == name} | set(
            self.versions.get(name, ())
        )
        shelf = replace(
            self,
            trash=tuple(each for each in self.trash if each[0] != name),
            versions={each: texts for each, texts in self.versions.items() if each != name},
            marked=self.marked - {name},
            purged=self.purged | gone | {name},
        )
        return shelf.without_contents(gone)

    def without_contents(self, texts: Collection[str]) -> Shelf:
        """Without the other names of files of these texts, and without those that held no more."""
        hashes = {HASHES.get(text, "") for text in texts} - {""}
        held = {
            container: tuple(("", "") if each[1] in hashes else each for each in members)
            for container, members in self.held.items()
        }
        there = {HASHES.get(text, "") for text in self.texts()} - {""}
        kept = {
            container: members
            for container, members in held.items()
            if (own := HASHES[f"\n{container}"]) not in hashes
            and there & {own, *(sha256 for _, sha256 in members)}
        }
        aliases = frozenset(each for each in self.aliases if each[1] not in hashes)
        return replace(self, held=kept, aliases=aliases)

    def texts(self) -> list[str]:
        """Every text that it has, in the trash and of earlier versions too."""
        versions = [text for texts in self.versions.values() for text in texts]
        return [*self.live.values(), *versions, *(text for _, text in self.trash)]

    def taken_in(self, paper: Paper, name: str = "") -> Shelf:
        """With a file and all that it holds, in place of what it held before."""
        is_within, name = bool(name), name or paper.name
        shelf = self
        if paper.held:
            HASHES[f"\n{name}"] = paper.sha256
            there = [f"{name}/{each.name}" for each in paper.held]
            deeper = tuple(f"{place}/" for place in there)
            for each in [each for each in shelf.live if each.startswith(f"{name}/")]:
                if each not in there and not each.startswith(deeper):
                    shelf = shelf.removed(each)
            contents = tuple((each.name, each.sha256) for each in paper.held)
            shelf = replace(shelf, held={**shelf.held, name: contents})
        if paper.text:
            shelf = shelf._with_text_of(paper, name, is_within=is_within)
        for inner in paper.held:
            shelf = shelf.taken_in(inner, f"{name}/{inner.name}")
        return shelf

    def _with_text_of(self, paper: Paper, name: str, *, is_within: bool) -> Shelf:
        HASHES[paper.text] = paper.sha256
        if paper.text not in self.live.values():
            return self.added(name, paper.text)
        if self.live.get(name) == paper.text:
            return self
        called = next(each for each, text in self.live.items() if text == paper.text)
        if name in self.live:
            return self._displaced(name, called)._with_text_of(paper, name, is_within=is_within)
        if is_within:
            return self
        if any((called, paper.sha256) == (f"{it}/{each}", of) for it, each, of in self._members()):
            return self._called(called, name)
        return replace(self, aliases=self.aliases | {(name, paper.sha256)})

    def _displaced(self, name: str, called: str) -> Shelf:
        """With a document as an earlier version of another one, to which its name has gone."""
        live = {each: its for each, its in self.live.items() if each != name}
        older = {each: its for each, its in self.versions.items() if each not in (name, called)}
        own = (*self.versions.get(called, ()), *self.versions.get(name, ()), self.live[name])
        return replace(self, live=live, versions={**older, called: own})

    def _members(self) -> Iterator[tuple[str, str, str]]:
        """What held each file, its name in that, and its hash."""
        for container, members in self.held.items():
            for name, sha256 in members:
                yield container, name, sha256

    def _called(self, name: str, other: str) -> Shelf:
        """With a document under another name, which takes the place of what has that."""
        text = self.live[name]
        live = {each: its for each, its in self.live.items() if each != name}
        versions = {other if each == name else each: its for each, its in self.versions.items()}
        return replace(self, live=live, versions=versions).added(other, text)

    def moved(self, name: str, room: str) -> Shelf:
        """With a document in another library, and what it is called there."""
        text = self.live[name]
        versions = {each: texts for each, texts in self.versions.items() if each != name}
        live = {each: its for each, its in self.live.items() if each != name}
        its_names = frozenset(each for each in self.aliases if each[1] == HASHES[text])
        target = self.rooms[room].added(name, text)
        theirs = {**target.versions, name: self.versions[name]} if name in self.versions else {}
        target = replace(
            target, versions={**target.versions, **theirs}, aliases=target.aliases | its_names
        )
        source = replace(self, live=live, versions=versions, aliases=self.aliases - its_names)
        return replace(source, rooms={**self.rooms, room: target})

    def with_room(self, name: str, room: Shelf) -> Shelf:
        """With another library, in place of the one of that name."""
        rooms = {each: its for each, its in self.rooms.items() if each != name}
        return replace(self, rooms={**rooms, room.name: room})

    def with_deleted(self, name: str) -> Shelf:
        """With another library in the trash."""
        rooms = {each: its for each, its in self.rooms.items() if each != name}
        return replace(self, rooms=rooms, deleted={**self.deleted, name: self.rooms[name]})

    def with_restored(self, name: str) -> Shelf:
        """With a library of the trash brought back."""
        deleted = {each: its for each, its in self.deleted.items() if each != name}
        return replace(self, deleted=deleted, rooms={**self.rooms, name: self.deleted[name]})

    def without(self, name: str) -> Shelf:
        """Without a library of the trash, and all that was in it."""
        deleted = {each: its for each, its in self.deleted.items() if each != name}
        gone = self.deleted[name]
        names = {*gone.live, *(each for each, _ in gone.trash)}
        return replace(
            self, deleted=deleted, purged=self.purged | set(gone.texts()) | names
        ).without_contents(gone.texts())

    def backed_up(self) -> Shelf:
        """With a backup of what there is now."""
        return replace(self, backup=replace(self, backup=None, restored=None))

    def made_anew(self) -> Shelf:
        """With another data directory, made from the backup."""
        return replace(self, restored=self.backup)

    def difference(self, other: Shelf) -> str:
        """What another has otherwise, in words for whoever reads a failed run."""
        parts = []
        for name in COMPARED:
            ours, theirs = getattr(self, name), getattr(other, name)
            if isinstance(ours, Shelf) and isinstance(theirs, Shelf) and ours != theirs:
                parts.append(f"{name}: {ours.difference(theirs)}")
            elif name in ("rooms", "deleted") and ours.keys() == theirs.keys():
                its = ((each, ours[each].difference(theirs[each])) for each in ours)
                parts += [f"{name}: {each}: {said}" for each, said in its if said]
            elif ours != theirs:
                parts.append(f"{name}: {_brief(theirs)} instead of {_brief(ours)}")
        return "; ".join(parts)


def hashes_of_containers() -> set[str]:
    """The hashes of the mails and archives that were ever taken in."""
    return {sha256 for named, sha256 in HASHES.items() if named.startswith("\n")}


def _brief(value: object) -> str:
    """A value with each text cut to its mark."""
    return re.sub(r"(\w+mark\w) is its word\.[^'\"]*", r"\1", str(value))[:300]
