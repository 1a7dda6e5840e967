from concurrent.futures import ThreadPoolExecutor

import pytest

from rag import evidence
from rag.evidence import Evidence, SentenceScorer, rarity, weigh
from rag.store.words import Words
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
    assert weigh([], NOTHING) == Evidence(0.0)


def test_evidence_is_greater_where_the_answer_is() -> None:
    here = scorer().score(QUESTION, [passage(NEMO)])
    elsewhere = scorer().score(QUESTION, [passage("Ducks can fly. So can geese.")])
    assert 0 <= weigh(elsewhere, NOTHING).score < weigh(here, NOTHING).score < 1


def test_inflected_words_are_found_by_their_letters() -> None:
    question = "Wie hoch ist die Leistungsfähigkeit?"
    texts = ["Sehr leistungsfähige Anlagen.", "Enten und Gänse fliegen."]

    ours, theirs = scorer().score(question, [passage(text) for text in texts])

    assert ours.spelled_context > ours.context
    assert ours.spelled_context > 0.2 > theirs.spelled_context


def test_a_passage_that_stands_out_is_better_evidence() -> None:
    here, elsewhere = passage(NEMO), passage("Ducks can fly.")

    alone = weigh(scorer().score(QUESTION, [here, elsewhere, elsewhere, elsewhere]), NOTHING)
    among = weigh(scorer().score(QUESTION, [here, here, here, here]), NOTHING)

    assert alone.score > among.score


def test_the_bar_stops_what_is_below_it() -> None:
    assert Evidence(0.04).is_below(0.05, instructable=False)
    assert not Evidence(0.05).is_below(0.05, instructable=False)
    assert not Evidence(0.0).is_below(0.0, instructable=False)


def test_a_model_that_can_say_no_is_stopped_far_below_the_bar_only() -> None:
    assert not Evidence(0.02).is_below(0.05, instructable=True)
    assert Evidence(0.004).is_below(0.05, instructable=True)
    assert not Evidence(0.0).is_below(0.0, instructable=True)


def test_a_model_that_can_say_no_answers_where_the_evidence_cannot_tell() -> None:
    untold = Evidence(0.001, judged=False)

    assert not untold.is_below(0.05, instructable=True)
    assert untold.is_below(0.05, instructable=False)


def test_a_name_that_no_passage_has_lowers_the_evidence() -> None:
    sentences = scorer().score(QUESTION, [passage(NEMO)])

    known = weigh(sentences, NOTHING)
    unknown = weigh(sentences, frozenset({"gpt-4"}))
    assert unknown.score < known.score
    assert unknown.missing == {"gpt-4"}


def test_sentences_about_a_sibling_are_no_evidence() -> None:
    sentences = scorer().score("How large is Nemo 8x22B?", [passage("Nemo 8x7B is large.")])

    assert [sentence.contradicted for sentence in sentences] == [True]
    assert weigh(sentences, NOTHING).score == 0.0


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


def test_a_question_that_names_the_document_has_more_evidence() -> None:
    sentences = scorer().score(QUESTION, [passage(NEMO)])

    assert weigh(sentences, NOTHING, named=1.0).score > weigh(sentences, NOTHING).score


def test_a_row_goes_on_from_its_head_and_not_from_the_row_above() -> None:
    text = "Room | Carpet | Price\nLobby | Tundra grey | 49\nLibrary | Moss green | 35"

    head, lobby, library = SentenceScorer(HashEmbedder(), Words()).score(
        "carpet library price", [passage(text)]
    )

    assert (head.context, lobby.context) == (head.coverage, head.coverage)
    assert (head.coverage < 1, library.coverage < 1) == (True, True)
    assert library.context == pytest.approx(1.0)
    assert library.spelled_context == pytest.approx(1.0)
    assert library.words == {"librari"}
