from concurrent.futures import ThreadPoolExecutor

import pytest

from rag import evidence
from rag.evidence import Evidence, SentenceScorer, rarity, weigh
from rag.store.lexical import Words
from tests.fakes import HashEmbedder, passage

QUESTION = "How many parameters does Nemo have?"
NOTHING = frozenset[str]()
NEMO = "Mixtral has experts. Nemo has 12 billion parameters. Paris is large."


def scorer(embedder: HashEmbedder | None = None) -> SentenceScorer:
    return SentenceScorer(embedder or HashEmbedder(), Words())


def test_every_sentence_of_every_passage_is_measured_in_order() -> None:
    passages = [passage(NEMO), passage("One more.")]

    sentences = scorer().score(QUESTION, passages)

    texts = [passages[at.passage].text[at.span.start : at.span.end] for at in sentences]
    assert texts == [
        "Mixtral has experts.",
        "Nemo has 12 billion parameters.",
        "Paris is large.",
        "One more.",
    ]


def test_the_sentence_that_answers_is_nearest_and_covers_most() -> None:
    sentences = scorer().score(QUESTION, [passage(NEMO)])

    assert max(sentences, key=lambda at: at.similarity) is sentences[1]
    assert max(sentences, key=lambda at: at.coverage) is sentences[1]
    assert sentences[2].coverage == 0.0


def test_coverage_is_the_share_of_the_questions_words_by_weight() -> None:
    weights = {"nemo": 3.0, "paramet": 1.0}

    sentences = scorer().score(
        "Nemo parameters", [passage("About Nemo.")], lambda word: weights[word]
    )

    assert sentences[0].coverage == 0.75


def test_a_question_without_words_covers_nothing() -> None:
    (sentence,) = scorer().score("?!", [passage("About Nemo.")])

    assert sentence.coverage == 0.0


def test_no_passages_have_no_sentences_and_no_evidence() -> None:
    assert scorer().score(QUESTION, []) == []
    assert scorer().score(QUESTION, [passage(" \n ")]) == []
    assert weigh([], 1.0, NOTHING) == Evidence(0.0, 0.0, 0.0, NOTHING)


def test_evidence_is_greater_where_the_answer_is() -> None:
    here = scorer().score(QUESTION, [passage(NEMO)])
    elsewhere = scorer().score(QUESTION, [passage("Ducks can fly. So can geese.")])
    for fluency in (0.0, 0.5, 1.0):
        least = weigh(elsewhere, fluency, NOTHING).probability
        assert 0 < least < weigh(here, fluency, NOTHING).probability < 1


def test_a_name_that_no_passage_has_lowers_the_evidence() -> None:
    sentences = scorer().score(QUESTION, [passage(NEMO)])

    known = weigh(sentences, 1.0, NOTHING)
    unknown = weigh(sentences, 1.0, frozenset({"gpt-4"}))
    assert unknown.probability < known.probability
    assert unknown.missing == {"gpt-4"}


def test_sentences_about_a_sibling_are_no_evidence() -> None:
    sentences = scorer().score("How large is Nemo 8x22B?", [passage("Nemo 8x7B is large.")])

    assert [sentence.contradicted for sentence in sentences] == [True]
    assert weigh(sentences, 1.0, NOTHING).probability == 0.0


def test_a_sentence_that_names_nothing_speaks_of_what_was_named_before() -> None:
    text = "Nemo 8x7B came first. It is large. Nemo 8x22B followed. It is larger."
    sentences = scorer().score("How large is Nemo 8x22B?", [passage(text)])

    assert [at.contradicted for at in sentences] == [True, True, False, False]
    assert [at.named for at in sentences] == [False, False, True, False]


def test_sentences_are_embedded_once() -> None:
    embedder = HashEmbedder()
    measure = scorer(embedder)

    first = measure.score(QUESTION, [passage(NEMO)])
    again = measure.score(QUESTION, [passage(NEMO), passage(NEMO)])

    assert embedder.embedded.count("Paris is large.") == 1
    assert [at.similarity for at in again] == 2 * [at.similarity for at in first]


def test_the_sentences_used_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "REMEMBERED_SENTENCES", 2)
    embedder = HashEmbedder()
    measure = scorer(embedder)

    for text in ("One.", "Two.", "One.", "Three.", "One."):
        measure.score(QUESTION, [passage(text)])

    assert embedder.embedded.count("One.") == 1


def test_many_threads_measure_the_same() -> None:
    measure = scorer()
    passages = [passage(f"{NEMO} Number {n % 7}.") for n in range(40)]
    expected = [measure.score(QUESTION, [each]) for each in passages]
    fresh = scorer()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda each: fresh.score(QUESTION, [each]), passages))

    assert found == expected


def test_rare_words_weigh_more() -> None:
    assert rarity(0, 100) > rarity(1, 100) > rarity(50, 100) > rarity(100, 100) > 0
