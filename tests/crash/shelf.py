"""What a data directory should hold, as plain values: the model that the store is held against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

FIRST_MODEL, SECOND_MODEL = "hashed-words", "other-words"
DIMENSIONS = {FIRST_MODEL: 64, SECOND_MODEL: 32}
MARK = re.compile(r"\b[a-z]+mark[a-z]\b")  # a word that is in one version of one document alone


def text_of_version(name: str, version: str, sentences: int = 3) -> str:
    """The text of a file: a mark that nothing else has, then sentences of its own."""
    stem = name.partition(".")[0]
    mark = f"{stem}mark{version}"
    body = " ".join(
        f"The {stem} of edition {version} keeps boat {number} at pier {number * 7} of the harbour."
        for number in range(sentences)
    )
    return f"{mark} is its word. {body}"


@dataclass(frozen=True)
class Shelf:
    """What there is: texts by name, earlier versions by name, and the trash as (name, text).

    `marked` are the documents that a marked answer cites; `backup` and `restored` are what a backup
    holds, and a data directory that was made from one; `purged` are the texts that no byte may be
    left of.
    """

    live: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trash: tuple[tuple[str, str], ...] = ()
    model: str = FIRST_MODEL
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
        """Without a document of the trash, its versions, and the marks that tell of it."""
        gone = {text for each, text in self.trash if each == name} | set(
            self.versions.get(name, ())
        )
        return replace(
            self,
            trash=tuple(each for each in self.trash if each[0] != name),
            versions={each: texts for each, texts in self.versions.items() if each != name},
            marked=self.marked - {name},
            purged=self.purged | gone,
        )

    def backed_up(self) -> Shelf:
        """With a backup of what there is now."""
        return replace(self, backup=replace(self, backup=None, restored=None))

    def made_anew(self) -> Shelf:
        """With another data directory, made from the backup."""
        return replace(self, restored=self.backup)

    def difference(self, other: Shelf) -> str:
        """What another has otherwise, in words for whoever reads a failed run."""
        parts = []
        for name in ("live", "versions", "trash", "model", "marked", "backup", "restored"):
            ours, theirs = getattr(self, name), getattr(other, name)
            if isinstance(ours, Shelf) and isinstance(theirs, Shelf) and ours != theirs:
                parts.append(f"{name}: {ours.difference(theirs)}")
            elif ours != theirs:
                parts.append(f"{name}: {_brief(theirs)} instead of {_brief(ours)}")
        return "; ".join(parts)


def _brief(value: object) -> str:
    """A value with each text cut to its mark."""
    return re.sub(r"(\w+mark\w) is its word\.[^'\"]*", r"\1", str(value))[:300]
