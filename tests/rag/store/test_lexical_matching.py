"""What counts as the same word: languages, numbers, phrases, misspellings."""

from __future__ import annotations

import pytest

from rag.domain import Library
from rag.languages import Language
from rag.store.catalog import Catalog
from rag.store.lexical import LexicalIndex
from rag.store.words import Words
from tests.rag.store.shelves import opened_words, reading

ENGLISH = "The harbours of the island are open to all of the boats in the winter."
FRENCH = "Les chevaux du roi ont mangé dans les prés et les générosités sont oubliées."
GERMAN = "Die Häuser der Stadt werden von den Bürgern mit Erdwärme geheizt."
SPANISH = "Las naciones firmaron el tratado y las canciones de la región se oyen en la plaza."


def shelve(catalog: Catalog, library: Library, *texts: str) -> LexicalIndex:
    for number, text in enumerate(texts, start=1):
        catalog.publish(reading(library, text, name=f"note{number}.txt", id_=f"d{number}"))
    return opened_words(catalog)


def best(index: LexicalIndex, question: str) -> list[int]:
    return [id_ for id_, _ in index.search(question, 10)]


def test_each_document_is_stemmed_in_its_language(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library, ENGLISH, FRENCH, GERMAN, SPANISH)
    assert set(index.languages) == {
        Language.ENGLISH,
        Language.FRENCH,
        Language.GERMAN,
        Language.SPANISH,
    }
    assert best(index, "harbour") == [1]
    assert best(index, "générosité") == [2]
    assert best(index, "Hauses") == best(index, "haus") == [3]
    assert best(index, "canción") == [4]


def test_a_question_needs_no_accents(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library, ENGLISH, FRENCH, GERMAN, SPANISH)
    assert best(index, "generosite") == [2]
    assert best(index, "burger") == [3]
    assert best(index, "nacion") == [4]
    assert best(index, "REGIO\u0301N") == [4]  # an accent that is a character of its own


def test_a_text_that_cannot_be_told_is_stemmed_as_english(
    catalog: Catalog, library: Library
) -> None:
    index = shelve(catalog, library, "boats 12 34 56")
    assert index.languages == (Language.ENGLISH,)
    assert best(index, "boat") == [1]


def test_the_language_of_a_question_is_one_of_the_library(
    catalog: Catalog, library: Library
) -> None:
    index = shelve(catalog, library, GERMAN, GERMAN.replace("Stadt", "Insel"), ENGLISH)
    assert index.language_of("Where are the boats in the winter?") is Language.ENGLISH
    assert index.language_of("¿Cuál es la capital de España?") is Language.GERMAN
    assert index.language_of("Bürger") is Language.GERMAN


def test_an_empty_library_has_no_languages(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library)
    assert index.languages == ()
    assert index.language_of("boats") is Language.ENGLISH


def test_words_are_as_many_in_every_language() -> None:
    words = Words()
    lengths = {len(words(f"{FRENCH} {GERMAN} æ ﬁn ß", name)) for name in (None, *Language)}
    assert len(lengths) == 1


@pytest.mark.parametrize(
    ("question", "whole", "pieces"),
    [
        ("a 10-K report", "Our 10-K is out.", "K and 10, 10 of K, K is K, 10 is 10."),
        ("EU 2016/679", "See EU 2016/679 here.", "In the EU of 2016, 679 of 679, EU, 2016."),
        ("a cost of $1,577", "It rose to 1577 then.", "1 of 577, 577, 577 of 1, cost cost 1."),
        ("1 577", "It was 1,577 in all.", "Then 577 and 1, or 577 of 1."),
        ("Q2 2023", "In Q2 2023 it fell.", "2023, 2023: see Q2, after 2023 the Q2 or Q2 of it."),
        (
            "mistral-large-2411",
            "Ask mistral-large-2411 now.",
            "Large mistral, large 2411, mistral.",
        ),
        ("§ 12(3)", "By § 12(3) it is so.", "By § 3, 12 and 3, 12 of 3."),
        ("4.2.1", "Step 4.2.1 is next.", "4, 2, 1, 4, 2, 1 and 1, 2, 4."),
    ],
)
def test_what_is_written_as_asked_comes_first(
    catalog: Catalog, library: Library, question: str, whole: str, pieces: str
) -> None:
    index = shelve(catalog, library, pieces, f"{pieces} Again.", whole, ENGLISH)
    assert best(index, question)[0] == 3


def test_chunks_with_the_quoted_phrase_come_first(catalog: Catalog, library: Library) -> None:
    index = shelve(
        catalog,
        library,
        "Sales of net, net of sales: sales, net; growth of sales and growth, growth of net.",
        "In the year the net sales were as they had been before in all of the stores of the firm.",
    )
    assert best(index, "growth of net sales")[0] == 1
    for question in ('growth of "net sales"', "growth of “net sales”", "growth of «net sales»"):
        found = index.search(question, 10)
        assert [id_ for id_, _ in found] == [2, 1]
        assert found[0][1] > found[1][1]
    assert [id_ for id_, _ in index.search('growth of "net sales"', 1)] == [2]


def test_a_phrase_said_twice_counts_once(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library, ENGLISH, GERMAN)
    assert index.search('"boats" ' * 900, 1) == index.search('"boats" ' + "boats " * 899, 1)


def test_a_phrase_is_found_in_any_language(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library, ENGLISH, GERMAN, "Die Stadt: die Häuser der Stadt, der Häuser")
    assert best(index, "„Häuser der Stadt werden“")[0] == 2
    assert best(index, '"boats"')[0] == 1


def test_a_phrase_that_no_chunk_holds_is_searched_as_words(
    catalog: Catalog, library: Library
) -> None:
    index = shelve(catalog, library, ENGLISH)
    assert best(index, '"boats of the winter"') == [1]
    assert best(index, '"…" boats') == [1]


def test_a_misspelt_word_finds_what_it_resembles(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library, ENGLISH, FRENCH)
    for word in ("habour", "harbuors", "narbour", "islland"):
        assert best(index, word) == [1]
    assert best(index, "generossitte") == [2]


def test_a_word_that_occurs_is_never_taken_for_another(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library, ENGLISH, "A harbourist is what the study of them makes.")
    (word,) = Words()("harbourist")
    assert index.document_frequency(word) == 1
    assert best(index, "harbourist") == [2]


def test_short_words_and_numbers_are_not_corrected(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library, "The 2016 boat and 10-K are here.")
    assert best(index, "baot") == best(index, "20167") == []


def test_a_corrected_word_counts_half(catalog: Catalog, library: Library) -> None:
    index = shelve(catalog, library, "The harbour.", "The lantern.", "The cellar of it.")
    scores = dict(index.search("lantern harbuor", 10))
    assert scores[1] == pytest.approx(scores[2] / 2)
    assert scores[2] == pytest.approx(dict(index.search("lantern", 10))[2])


@pytest.mark.parametrize(
    "question", ["KX-4711", "KX4711", "kx 4711", "Which fits the KX 4711 best?"]
)
@pytest.mark.parametrize("written", ["KX-4711", "KX4711", "KX 4711"])
def test_a_code_is_found_however_it_is_parted(
    catalog: Catalog, library: Library, question: str, written: str
) -> None:
    index = shelve(catalog, library, f"The {written} it is.", "It is best, the KX-4712 and 4713.")

    assert best(index, question)[0] == 1
    assert index.chunks_with("kx-4711") == [1]


def test_what_is_too_short_to_tell_is_in_the_language_of_the_library(
    catalog: Catalog, library: Library
) -> None:
    index = shelve(catalog, library, "Erdwärme Bürgerhäuser")
    assert index.languages == (Language.ENGLISH,)
    catalog.libraries.set_language(library.id, Language.GERMAN)
    index = opened_words(catalog)
    assert index.languages == (Language.GERMAN,)
    assert best(index, "Bürgerhaus") == [1]
    # What tells its language keeps it.
    catalog.publish(reading(library, FRENCH, name="later.txt", id_="later"))
    index = opened_words(catalog)
    assert set(index.languages) == {Language.GERMAN, Language.FRENCH}
