from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tantivy import Document

from rag.domain import Library
from rag.languages import Language
from rag.store import lexical
from rag.store.catalog import Catalog
from rag.store.lexical import LexicalIndex
from rag.store.rows import IndexedChunk
from rag.store.words import Words
from tests.rag.store.shelves import opened_words as opened
from tests.rag.store.shelves import reading

TEXTS = [
    "The harbour holds forty-one boats in winter.",
    "Les requêtes françaises attendent à l'été.",
    "A lighthouse keeper counts the boats; boats and boats again.",
    "The AND NOT OR operators are words in a sentence.",
]


@pytest.fixture
def index(catalog: Catalog, library: Library) -> LexicalIndex:
    for number, text in enumerate(TEXTS, start=1):
        catalog.publish(reading(library, text, name=f"note{number}.txt", id_=f"d{number}"))
    return opened(catalog)


def ids(found: list[tuple[int, float]]) -> list[int]:
    return [id_ for id_, _ in found]


def test_any_word_of_the_question_finds(index: LexicalIndex) -> None:
    assert ids(index.search("Who counts boats?", 10)) == [3, 1]
    assert ids(index.search("boats", 1)) == [3]


def test_scores_fall(index: LexicalIndex) -> None:
    scores = [score for _, score in index.search("the boats in winter", 10)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] > 0


def test_words_are_folded_and_stemmed(index: LexicalIndex) -> None:
    assert ids(index.search("REQUETES", 10)) == [2]
    assert ids(index.search("boat", 10)) == [3, 1]
    assert Words()("Requêtes boats") == Words()("requetes BOAT")


def test_the_title_and_the_headings_are_searched(index: LexicalIndex) -> None:
    assert ids(index.search("note3", 10)) == [3]
    assert sorted(ids(index.search("heading", 10))) == [1, 2, 3, 4]


def test_documents_are_filtered_exactly(index: LexicalIndex) -> None:
    assert ids(index.search("boats", 10, ["d1"])) == [1]
    assert ids(index.search("boats", 10, ["d1", "d3", "nobody"])) == [3, 1]
    assert ids(index.search("boats", 10, ["d2"])) == []
    assert ids(index.search("boats", 10, [])) == []


def test_a_filter_leaves_scores_as_they_are(index: LexicalIndex) -> None:
    everywhere = dict(index.search("forty boats in winter", 10))
    for id_, score in index.search("forty boats in winter", 10, ["d1", "d3"]):
        assert score == pytest.approx(everywhere[id_])


@pytest.mark.parametrize(
    "question",
    [
        "",
        "   ",
        "?!… «» — ¿",
        '"',
        "'\"'\"",
        "\x00\x01\x02",
        "👩‍👩‍👧 🎉",
        "𝄞",
        "\ud83d",
        "^~*:\\()[]{}",
        "x" * 8_000,
    ],
)
def test_a_question_without_a_known_word_finds_nothing(index: LexicalIndex, question: str) -> None:
    assert index.search(question, 10) == []


@pytest.mark.parametrize(
    "question",
    [
        '"boats',
        "boats AND",
        "NOT boats",
        "text:boats^3",
        "+boats -boats",
        "(boats",
        "bo\x00 boats",
        "boats~2 OR [a TO b]",
        "👍boats👍",
        "\ud800 boats",
        "boats\nboats\tboats",
        "' OR 1=1; -- boats",
        "/boats/",
    ],
)
def test_operators_are_plain_text(index: LexicalIndex, question: str) -> None:
    assert ids(index.search(question, 10))[:1] == [3] or 3 in ids(index.search(question, 10))


def test_a_question_of_eight_thousand_characters_is_searched(index: LexicalIndex) -> None:
    words = " ".join(f"word{number}" for number in range(1000))
    assert 7_000 < len(words) < 8_000
    assert ids(index.search(f"{words} boats", 10)) == [3, 1]


def test_frequencies_are_counted_in_chunks(index: LexicalIndex) -> None:
    (boat,) = Words()("boats")
    assert index.document_frequency(boat) == 2
    assert index.document_frequency("nothing") == 0
    assert len(index) == 4


def test_an_empty_library_finds_nothing(catalog: Catalog, library: Library) -> None:
    for _ in ("as built", "as found"):
        index = opened(catalog)
        assert index.search("boats", 10) == []
        assert len(index) == 0


def test_words_and_searches_may_come_from_many_threads(index: LexicalIndex) -> None:
    found: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda: found.append(ids(index.search("boats in winter", 10))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [ids(index.search("boats in winter", 10))] * 8


def test_without_a_folder_it_works_in_memory(catalog: Catalog, library: Library) -> None:
    catalog.publish(reading(library, *TEXTS))
    (catalog.data_dir / "derived").write_text("a file where the folder should be")
    index = opened(catalog)
    assert ids(index.search("boats", 10)) == [3, 1]


def test_a_folder_removed_before_it_is_opened_is_read_from_the_catalog(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, *TEXTS))
    gone = catalog.data_dir / "gone"
    monkeypatch.setattr("rag.store.lexical.provide", lambda *_: gone)
    index = opened(catalog)
    assert ids(index.search("boats", 10)) == [3, 1]


def test_a_folder_that_vanishes_while_it_is_filled_leaves_it_in_memory(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, *TEXTS))

    def provide(_folder: Path, _expected: object, build: object, _library: str) -> None:
        assert callable(build)
        with pytest.raises(OSError, match="does not exist"):
            build(catalog.data_dir / "gone")

    monkeypatch.setattr("rag.store.lexical.provide", provide)
    index = opened(catalog)
    assert ids(index.search("boats", 10)) == [3, 1]


def test_an_added_document_joins_those_that_were_indexed(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, *TEXTS, name="many.txt", id_="d1"))
    opened(catalog)
    catalog.publish(reading(library, "Boats in a bottle.", name="one.txt", id_="d2"))
    seen: list[str] = []
    make = lexical._document

    def watched(chunk: IndexedChunk, language: Language, words: Words) -> Document:
        seen.append(chunk.document_id)
        return make(chunk, language, words)

    read: list[str] = []
    chunks_of = catalog.indexed_chunks

    def reading_of(document_ids: Iterable[str]) -> Iterator[IndexedChunk]:
        read.extend(document_ids)
        return chunks_of(list(read))

    monkeypatch.setattr(lexical, "_document", watched)
    monkeypatch.setattr(catalog, "indexed_chunks", reading_of)
    index = opened(catalog)
    assert (seen, read) == (["d2"], ["d2"])
    assert len(index) == 5
    assert sorted(ids(index.search("boats", 10))) == [1, 3, 5]


def test_a_removed_document_is_gone_and_a_changed_one_is_new(
    catalog: Catalog, library: Library
) -> None:
    for number in range(30):
        text = f"Boat number{number} lies in the harbour."
        catalog.publish(reading(library, text, name=f"{number}.txt", id_=f"d{number}"))
    opened(catalog)
    catalog.remove("d7")
    index = opened(catalog)
    assert len(index) == 29
    assert ids(index.search("number7 number8", 10)) == [9]
    for number in range(8, 20):
        catalog.remove(f"d{number}")
    index = opened(catalog)
    assert len(index) == 17
    assert index.document_frequency("boat") == 17


def test_an_earlier_index_that_is_damaged_is_not_built_upon(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, *TEXTS, name="many.txt", id_="d1"))
    opened(catalog)
    (folder,) = (catalog.data_dir / "derived" / library.id).glob("lexical-*")
    (folder / "meta.json").write_text("{}")
    catalog.publish(reading(library, "Boats in a bottle.", name="one.txt", id_="d2"))
    index = opened(catalog)
    assert sorted(ids(index.search("boats", 10))) == [1, 3, 5]
