"""Questions go on with the words before while those of another process's change are opened."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from rag.domain import Library
from rag.store import words_ahead
from rag.store.catalog import Catalog
from rag.store.derived import said_of
from rag.store.indexes import Indexes
from rag.store.lexical import LexicalIndex, open_lexical_index
from rag.store.spans import ChunkSpan
from tests.rag.store.shelves import reading, vector_of

PATIENT_SECONDS = 30.0


class Gate:
    """Stands where words are opened ahead, and lets it go on when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()
        monkeypatch.setattr(words_ahead, "open_lexical_index", self._open)

    def _open(self, catalog: Catalog, library: Library, spans: Sequence[ChunkSpan]) -> LexicalIndex:
        self.began.set()
        assert self.go_on.wait(30)
        return open_lexical_index(catalog, library, spans)


@pytest.fixture
def elsewhere(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """A catalog whose changes are those of another process."""
    other = Catalog(catalog.data_dir)
    monkeypatch.setattr(catalog, "own_changes", lambda _: 0)
    yield other
    other.close()


def words_of(indexes: Indexes, library: Library, question: str) -> list[int]:
    return [id_ for id_, _ in indexes.current(library.id).words.search(question, 5)]


def test_what_another_process_added_is_found_by_meaning_at_once_and_then_by_words(
    catalog: Catalog, library: Library, elsewhere: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, "a boat at sea"))
    indexes = Indexes(catalog, patience_seconds=0.0)
    assert words_of(indexes, library, "boat") == [1]
    gate = Gate(monkeypatch)
    elsewhere.publish(reading(library, "a boat in a storm", name="more.txt"))

    index = indexes.current(library.id)
    assert gate.began.wait(30)
    assert index.vectors.search(vector_of("a boat in a storm"), 1)[0][0] == 2
    assert (index.document_of(2), index.words_lag) != ("", False)
    assert words_of(indexes, library, "boat") == [1]

    gate.go_on.set()
    indexes.wait()
    assert sorted(words_of(indexes, library, "boat")) == [1, 2]
    assert indexes.current(library.id) is indexes.current(library.id)
    assert not indexes.current(library.id).words_lag


def test_changes_while_words_are_opened_are_opened_after_them(
    catalog: Catalog, library: Library, elsewhere: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, "a boat at sea"))
    indexes = Indexes(catalog, patience_seconds=0.0)
    indexes.current(library.id)
    gate = Gate(monkeypatch)
    for number in range(3):
        elsewhere.publish(reading(library, f"storm {number}", name=f"{number}.txt"))
        assert words_of(indexes, library, "storm") == []
    gate.go_on.set()
    indexes.wait()
    indexes.current(library.id)
    indexes.wait()
    assert sorted(words_of(indexes, library, "storm")) == [2, 3, 4]
    assert not indexes.current(library.id).words_lag


def test_questions_go_on_with_the_same_index_until_the_words_are_there(
    catalog: Catalog, library: Library, elsewhere: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexes = Indexes(catalog, patience_seconds=0.01)
    indexes.current(library.id)
    gate = Gate(monkeypatch)
    elsewhere.publish(reading(library, "a boat at sea"))
    lagging = indexes.current(library.id)
    assert lagging.words_lag
    assert indexes.current(library.id) is lagging
    gate.go_on.set()
    indexes.wait()
    assert words_of(indexes, library, "boat") == [1]


def test_no_question_waits_for_words_that_took_longer_the_last_time(
    catalog: Catalog, library: Library, elsewhere: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexes = Indexes(catalog, patience_seconds=PATIENT_SECONDS)
    indexes.current(library.id)
    elsewhere.publish(reading(library, "a boat at sea"))
    assert words_of(indexes, library, "boat") == [1]
    indexes._ahead[library.id].seconds = 2 * PATIENT_SECONDS
    gate = Gate(monkeypatch)
    elsewhere.publish(reading(library, "a boat in a storm", name="more.txt"))
    began = time.monotonic()
    assert indexes.current(library.id).words_lag
    assert time.monotonic() - began < PATIENT_SECONDS / 2
    gate.go_on.set()
    indexes.wait()
    assert sorted(words_of(indexes, library, "boat")) == [1, 2]


def test_words_that_are_opened_within_the_patience_are_those_of_now(
    catalog: Catalog, library: Library, elsewhere: Catalog
) -> None:
    indexes = Indexes(catalog, patience_seconds=PATIENT_SECONDS)
    indexes.current(library.id)
    elsewhere.publish(reading(library, "a boat at sea"))
    assert words_of(indexes, library, "boat") == [1]
    assert not indexes.current(library.id).words_lag


def test_what_this_process_changed_is_found_by_words_at_once(
    catalog: Catalog, library: Library
) -> None:
    indexes = Indexes(catalog, patience_seconds=0.0)
    for number in range(1, 6):
        catalog.publish(reading(library, f"boat {number}", name=f"{number}.txt"))
        assert len(words_of(indexes, library, "boat")) == number
    catalog.remove(catalog.documents(library.id)[0].id)
    assert len(words_of(indexes, library, "boat")) == 4


def test_words_that_cannot_be_opened_ahead_are_opened_by_the_question(
    catalog: Catalog, library: Library, elsewhere: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> LexicalIndex:
        raise OSError("no room")

    monkeypatch.setattr(words_ahead, "open_lexical_index", fail)
    indexes = Indexes(catalog, patience_seconds=PATIENT_SECONDS)
    indexes.current(library.id)
    elsewhere.publish(reading(library, "a boat at sea"))
    assert words_of(indexes, library, "boat") == [1]


def test_words_opened_ahead_during_a_purge_leave_nothing_on_disk(
    catalog: Catalog, library: Library, elsewhere: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, "what stays", name="stays.txt"))
    gone = catalog.publish(reading(library, "the zirbelnuss"))
    indexes = Indexes(catalog, patience_seconds=0.0)
    indexes.current(library.id)
    gate = Gate(monkeypatch)
    elsewhere.remove(gone.id)
    indexes.current(library.id)
    assert gate.began.wait(30)
    elsewhere.trash.purge([gone.id])
    gate.go_on.set()
    indexes.wait()
    left = [said_of(path) for path in catalog.data_dir.rglob("lexical-*")]
    assert [said["purges"] for said in left] == [1]
    files = [path for path in catalog.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in files if b"zirbelnuss" in path.read_bytes()]
    indexes.current(library.id)
    indexes.wait()
    assert words_of(indexes, library, "zirbelnuss stays") == [1]
