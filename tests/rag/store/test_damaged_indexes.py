"""Index files damaged in some 400 ways: what is found stays right, and they are made again."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tantivy import Index

from rag.domain import Library
from rag.store.blobs import hash_file
from rag.store.catalog import Catalog
from rag.store.derived import DERIVED, MANIFEST, is_intact, said_of
from rag.store.index_checks import index_faults
from rag.store.indexes import Indexes, LibraryIndex
from rag.store.lexical import LexicalIndex, _fill, _schema
from rag.store.rows import pack
from tests.rag.store.shelves import DIMENSION, MODEL, library_in, reading, vector_of
from tests.stored import vectors_of

FILES = 402
KINDS = ("vectors", "codes", "lexical")  # one file of each is damaged before each opening
TEXT = "boat harbour winter island letter captain sail rope anchor storm lantern quay"
QUESTIONS = ("boat in a storm", "the captain's letter", "winter lantern rope", "anchor")
Answers = list[list[int]]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A library with its indexes, and those of other times, models and libraries beside it."""

    catalog: Catalog
    library: Library
    others: dict[str, Path]
    expected: Answers
    hashes: dict[str, str]
    said: dict[str, dict[str, str | int]]

    @property
    def folder(self) -> Path:
        return self.catalog.data_dir / DERIVED / self.library.id

    def current(self, kind: str) -> Path:
        (found,) = self.folder.glob(f"{kind}-*")
        return found


def texts_of(name: str) -> list[str]:
    chance = random.Random(name)  # noqa: S311 - it draws words
    return [f"{name} {place} " + " ".join(chance.choices(TEXT.split(), k=9)) for place in range(30)]


def opened(catalog: Catalog, library_id: str) -> LibraryIndex:
    indexes = Indexes(catalog, exact_rows=50)
    index = indexes.current(library_id)
    indexes.wait()
    return index


def ranked(words: LexicalIndex, question: str, among: set[str] | None) -> list[int]:
    hits = words.search(question, 200, among)
    return [id_ for id_, score in sorted(hits, key=lambda hit: (-round(hit[1], 3), hit[0]))]


def answers(index: LibraryIndex, named: str) -> Answers:
    """What an opened index finds, everywhere and within one document."""
    ranges = index.ranges_of([named])
    by_meaning = [
        [id_ for id_, _ in index.vectors.search(vector_of(question), 20, allowed)]
        for question in QUESTIONS
        for allowed in (None, ranges)
    ]
    return by_meaning + [
        ranked(index.words, question, among) for question in QUESTIONS for among in (None, {named})
    ]


def exact_answers(catalog: Catalog, library: Library, named: str) -> Answers:
    """The same by comparing every vector of the catalog, and by words indexed in memory."""
    ids, vectors = vectors_of(catalog, library)
    own = {chunk.id for chunk in catalog.all_chunks(library.id) if chunk.document.id == named}
    found: Answers = []
    for question in QUESTIONS:
        order = ids[np.argsort(-(vectors @ vector_of(question)), kind="stable")].tolist()
        found += [order[:20], [id_ for id_ in order if id_ in own][:20]]
    in_memory = Index(_schema())
    _fill(in_memory, catalog, library)
    words = LexicalIndex(in_memory)
    return found + [
        ranked(words, question, among) for question in QUESTIONS for among in (None, {named})
    ]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    place = tmp_path_factory.mktemp("damaged")
    catalog = Catalog(place / "data")
    library = library_in(catalog)
    other = library_in(catalog, "other")
    others: dict[str, Path] = {}

    def keep(name: str, library_id: str) -> None:
        opened(catalog, library_id)
        others[name] = place / name
        shutil.copytree(catalog.data_dir / DERIVED / library_id, others[name])

    for number in range(4):
        catalog.publish(reading(other, *texts_of(f"o{number}"), name=f"o{number}.txt"))
        catalog.publish(reading(library, *texts_of(f"d{number}"), name=f"d{number}.txt"))
        if number == 2:
            keep("an earlier generation", library.id)
    keep("another library", other.id)
    own = dict(catalog.packed_vectors(catalog.library("documents")))
    strange = pack(np.stack([vector_of(f"strange {id_}") for id_ in own]))
    strange_vectors = dict(zip(own, strange, strict=True))
    for model, vectors in (("other-model", strange_vectors), (MODEL, own)):
        now = catalog.library("documents")
        catalog.replace_vectors(now, model, DIMENSION, vectors)
        if model != MODEL:
            keep("another model", library.id)
    opened(catalog, library.id)
    library = catalog.library("documents")
    folder = catalog.data_dir / DERIVED / library.id
    yield Shelf(
        catalog,
        library,
        others,
        exact_answers(catalog, library, catalog.documents(library.id)[1].id),
        {path.name: hash_file(path) for kind in KINDS[:2] for path in folder.glob(f"{kind}-*/*")},
        {path.name: said_of(path) for path in folder.iterdir()},
    )
    catalog.close()


Damage = Callable[[Path, random.Random, Path], None]


def flip(path: Path, chance: random.Random, _: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in {chance.randrange(len(content)) for _ in range(chance.choice([1, 1, 2, 30]))}:
        content[place] ^= 1 << chance.randrange(8)
    overwrite(path, content)


def cut(path: Path, chance: random.Random, _: Path) -> None:
    overwrite(path, path.read_bytes()[: chance.randrange(path.stat().st_size)])


def lengthen(path: Path, chance: random.Random, _: Path) -> None:
    overwrite(path, path.read_bytes() + chance.randbytes(chance.choice([1, 64, 5_000])))


def blank(path: Path, chance: random.Random, _: Path) -> None:
    content = bytearray(path.read_bytes())
    start = chance.randrange(len(content))
    stop = min(start + chance.randrange(1, 600), len(content))
    content[start:stop] = bytes(255 if byte != 255 else 0 for byte in content[start:stop])
    overwrite(path, content)


def empty(path: Path, _: random.Random, __: Path) -> None:
    overwrite(path, b"")


def lose(path: Path, _: random.Random, __: Path) -> None:
    path.unlink()


def swap_inside(path: Path, chance: random.Random, _: Path) -> None:
    """Put another file of the same folder in its place."""
    siblings = [each for each in files_in(path.parent) if each.read_bytes() != path.read_bytes()]
    overwrite(path, chance.choice(siblings).read_bytes())


def swap(path: Path, _: random.Random, strange: Path) -> None:
    """Put the file of its kind from a strange index in its place."""
    content = counterpart(path, strange).read_bytes()
    overwrite(path, content if content != path.read_bytes() else content + b"\n")


def swap_all(path: Path, _: random.Random, strange: Path) -> None:
    """Put a strange index whole in the place of its folder, its manifest as it was."""
    shutil.rmtree(path.parent)
    shutil.copytree(strange, path.parent)


def forge(path: Path, chance: random.Random, strange: Path) -> None:
    """Put a strange index in its place under the manifest's own header, with right checksums."""
    said = said_of(path.parent)
    swap_all(path, chance, strange)
    files = {each.name: hash_file(each) for each in files_in(path.parent) if each.name != MANIFEST}
    (path.parent / MANIFEST).write_text(json.dumps({"expected": said, "files": files}))


def stale_manifest(path: Path, _: random.Random, strange: Path) -> None:
    shutil.copyfile(strange / MANIFEST, path.parent / MANIFEST)


def stray_file(path: Path, chance: random.Random, strange: Path) -> None:
    source = counterpart(path, strange)
    shutil.copyfile(source, path.with_name(f"{chance.randrange(10**6)}{path.suffix}"))


DAMAGES: list[tuple[Damage, int]] = [
    (flip, 9),
    (cut, 5),
    (lengthen, 3),
    (blank, 3),
    (empty, 1),
    (lose, 2),
    (swap_inside, 2),
    (swap, 3),
    (swap_all, 1),
    (forge, 2),
    (stale_manifest, 1),
    (stray_file, 1),
]


def overwrite(path: Path, content: bytes | bytearray) -> None:
    path.unlink()  # the old content may be mapped, and cutting it under its user is a crash
    path.write_bytes(content)


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.endswith(".lock"))


def counterpart(path: Path, strange: Path) -> Path:
    """The file of the same name, or the same ending where names are drawn by chance."""
    same = strange / path.name
    return same if same.exists() else next(strange.glob(f"*{path.suffix}"))


def assert_made_again(shelf: Shelf, told: object) -> None:
    assert {path.name for path in shelf.folder.iterdir()} == set(shelf.said), told
    for name, said in shelf.said.items():
        assert is_intact(shelf.folder / name, said), told
    for kind in KINDS[:2]:
        for path in shelf.current(kind).iterdir():
            assert path.name == MANIFEST or hash_file(path) == shelf.hashes[path.name], told
    faults = index_faults(shelf.catalog._reader, shelf.library, shelf.folder)
    assert list(faults) == [], told


def test_the_exact_answers_are_those_of_indexes_without_damage(shelf: Shelf) -> None:
    named = shelf.catalog.documents(shelf.library.id)[1].id
    assert answers(opened(shelf.catalog, shelf.library.id), named) == shelf.expected
    assert [len(found) for found in shelf.expected[:8]] == [20] * 8
    assert_made_again(shelf, "no damage")


@pytest.mark.parametrize("seed", range(6))
def test_damage_to_index_files_never_changes_an_answer_and_is_mended(
    seed: int, shelf: Shelf
) -> None:
    named = shelf.catalog.documents(shelf.library.id)[1].id
    chance = random.Random(seed)  # noqa: S311 - it draws damages
    kinds, weights = zip(*DAMAGES, strict=True)
    for number in range(FILES // 6 // len(KINDS) + 1):
        told: list[tuple[str, str, str]] = []
        for kind in KINDS:
            folder = shelf.current(kind)
            wished = chance.choices(kinds, weights)[0]
            path = chance.choice([p for p in files_in(folder) if p.stat().st_size])
            origin = chance.choice([*shelf.others])
            (strange,) = shelf.others[origin].glob(f"{kind}-*")
            if wished in (swap_all, forge) and kind == "lexical" and origin == "another model":
                (strange,) = shelf.others["another library"].glob("lexical-*")
            wished(path, chance, strange)
            told.append((wished.__name__, f"{folder.name}/{path.name}", origin))
        index = opened(shelf.catalog, shelf.library.id)
        assert answers(index, named) == shelf.expected, (number, told)
        assert_made_again(shelf, (number, told))
