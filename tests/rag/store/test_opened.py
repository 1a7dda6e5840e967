"""Index files that change while they are in use: what is found stays right, and nothing ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.domain import Library
from rag.store.catalog import Catalog
from rag.store.derived import DERIVED, is_intact, said_of
from rag.store.indexes import Indexes, LibraryIndex
from rag.store.opened import DamagedIndexError
from tests.rag.store.shelves import finish, reading, start_python, vector_of

TEXTS = [f"boat {place} in the harbour of number{place}" for place in range(60)]


@pytest.fixture
def indexes(catalog: Catalog, library: Library) -> Indexes:
    """The indexes of a library of sixty passages, open."""
    catalog.publish(reading(library, *TEXTS))
    indexes = Indexes(catalog)
    indexes.current(library.id)
    return indexes


def folders(catalog: Catalog) -> list[Path]:
    return sorted((catalog.data_dir / DERIVED).glob("*/*-*"))


def later(path: Path) -> None:
    """As if it had been written a second later, however coarse the clock of the disk."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))


def cut(path: Path) -> None:
    os.truncate(path, 0)


def overwrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.seek(min(100, size // 2))
        stream.write(b"\xa5" * (size - min(100, size // 2)))
    later(path)


def grow(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"\0")


def assert_finds(indexes: Indexes, library: Library) -> None:
    index = indexes.current(library.id)
    found = index.vectors.search(vector_of(TEXTS[7]), 60)
    assert len(found) == 60
    assert (found[0][0], round(found[0][1], 2)) == (8, 1.0)
    assert [id_ for id_, _ in index.words.search("number7", 5)] == [8]


@pytest.mark.parametrize("damage", [cut, overwrite, grow])
@pytest.mark.parametrize("kind", ["vectors", "lexical"])
def test_a_file_damaged_in_use_is_made_again(
    catalog: Catalog, library: Library, indexes: Indexes, kind: str, damage: Callable[[Path], None]
) -> None:
    (folder,) = (path for path in folders(catalog) if path.name.startswith(kind))
    for path in folder.iterdir():
        if not path.name.startswith("."):
            damage(path)

    assert_finds(indexes, library)

    assert all(is_intact(path, said_of(path)) for path in folders(catalog))
    assert indexes.are_stored(library.id)


def test_what_is_as_it_was_stays_open(library: Library, indexes: Indexes) -> None:
    assert indexes.current(library.id) is indexes.current(library.id)


REBUILD = """
import sys
from pathlib import Path
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes, LibraryIndex
catalog = Catalog(Path(sys.argv[1]))
indexes = Indexes(catalog)
indexes.discard(sys.argv[2])
print(len(indexes.current(sys.argv[2]).words))
catalog.close()
"""


def test_what_another_process_made_again_is_taken_up(
    catalog: Catalog, library: Library, indexes: Indexes
) -> None:
    before = indexes.current(library.id)
    assert finish(start_python(REBUILD, str(catalog.data_dir), library.id)) == "60"
    after = indexes.current(library.id)
    assert after.words is not before.words
    assert after.vectors.base is not before.vectors.base
    assert_finds(indexes, library)


def test_what_was_removed_meanwhile_is_used_on(
    catalog: Catalog, library: Library, indexes: Indexes
) -> None:
    before = indexes.current(library.id)
    shutil.rmtree(catalog.data_dir / DERIVED)
    assert indexes.current(library.id) is before
    assert_finds(indexes, library)


@pytest.mark.parametrize(
    ("suffix", "told_as"),
    [(".term", "ValueError"), (".idx", "PanicException"), (".pos", "PanicException")],
)
def test_words_damaged_in_a_question_are_one_sentence_and_made_again(
    catalog: Catalog, library: Library, indexes: Indexes, suffix: str, told_as: str
) -> None:
    index = indexes.current(library.id)
    (folder,) = (path for path in folders(catalog) if path.name.startswith("lexical"))
    for path in folder.iterdir():
        if path.suffix == suffix:
            overwrite(path)
    with pytest.raises(DamagedIndexError, match=r"is made again now\. Ask again\.") as caught:
        search_all(index)
    assert type(caught.value.__cause__).__name__ == told_as
    assert not index.words.files.are_as_opened()
    assert_finds(indexes, library)


def search_all(index: LibraryIndex) -> None:
    for text in TEXTS:
        index.words.search(f'{text} "{text}"', 5)
        index.words.chunks_with("number7")


def test_vectors_that_were_cut_in_use_are_one_sentence(
    catalog: Catalog, library: Library, indexes: Indexes
) -> None:
    rows = indexes.current(library.id).vectors.base.rows
    (matrix,) = (catalog.data_dir / DERIVED).glob("*/vectors-*/matrix.index")
    os.truncate(matrix, 200)
    for read in (lambda: rows.read(np.array([59])), lambda: rows.block(0, 60)):
        with pytest.raises(DamagedIndexError):
            read()
    assert_finds(indexes, library)
