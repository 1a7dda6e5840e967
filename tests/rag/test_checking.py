from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.checking import Checking, Checks
from rag.citations import MarkerReader, cite
from rag.domain import Document, DocumentState, Passage, Source, Verdict
from rag.evidence import SentenceScorer
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.store.words import Words
from rag.verification import Check, Verifier

NEAREST = SentenceScorer(MiniLmEmbedder(), Words()).nearest
VERIFIER = Verifier(NEAREST, MiniLmJudge())
NEMO = "Nemo has 12 billion parameters. It was built in 2024 together with NVIDIA."
CHEESE = "Camembert is a soft cheese from Normandy. It ripens for three weeks."


def source(number: int, text: str) -> Source:
    name = f"document {number}"
    document = Document(
        name, "library", name, name, "text/plain", "0", 1, DocumentState.READY, "", 1, False
    )
    return Source(number, Passage(document, 1, "1", 0, len(text), text, (), 1.0, (number,)))


SOURCES = (source(1, NEMO), source(2, CHEESE))


def checked(
    text: str, sources: tuple[Source, ...] = SOURCES, *, complete: bool = True
) -> tuple[str, Checks]:
    reader = MarkerReader()
    reader.offer(sources)
    shown = reader.feed(text) + reader.rest()
    checking = Checking(VERIFIER)
    citations = cite(shown, reader.sources)
    checks = checking.finish(shown, citations, reader.sources, sources, complete=complete)
    return shown, checks


def verdicts(text: str) -> list[tuple[str, Verdict]]:
    shown, checks = checked(text)
    return [(shown[c.span.start : c.span.end], c.verdict) for c in checks.claims]


def test_a_claim_that_its_source_bears_out() -> None:
    _, checks = checked("Nemo has 12 billion parameters [1].")

    (claim,) = checks.claims
    assert (claim.verdict, claim.reason, claim.numbers) == (Verdict.SUPPORTED, "", (1,))
    assert [quote.text for quote in claim.quotes] == ["Nemo has 12 billion parameters."]
    assert [citation.verdict for citation in checks.citations] == [Verdict.SUPPORTED]
    assert not checks.nothing_stands


def test_where_an_answer_breaks_off_nothing_is_judged() -> None:
    text = "Nemo has 12 billion parameters [1]. It was built in 2024"
    _, whole = checked(text)
    shown, cut = checked(text, complete=False)

    assert len(whole.claims) == 2
    (claim,) = cut.claims
    assert shown[claim.span.start : claim.span.end] == "Nemo has 12 billion parameters [1]."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Nemo has 13 billion parameters [1].", "the source says 12 billion, not 13 billion"),
        ("Nemo was built in 2023 with NVIDIA [1].", "the source says 2024, not 2023"),
    ],
)
def test_a_claim_with_a_wrong_figure_says_why(text: str, reason: str) -> None:
    _, checks = checked(text)

    (claim,) = checks.claims
    assert (claim.verdict, claim.reason) == (Verdict.UNSUPPORTED, reason)
    assert [citation.verdict for citation in checks.citations] == [Verdict.UNSUPPORTED]
    assert checks.nothing_stands


def test_a_claim_that_cites_nothing_is_found_anyway() -> None:
    _, checks = checked("Camembert ripens for three weeks. Nemo has 12 billion parameters [1].")

    first, second = checks.claims
    assert (first.verdict, first.cited) == (Verdict.SUPPORTED, False)
    assert "names no source" in first.reason
    assert [quote.document.name for quote in first.quotes] == ["document 2"]
    assert (second.verdict, second.cited) == (Verdict.SUPPORTED, True)


def test_a_claim_that_cites_nothing_and_is_nowhere_said() -> None:
    _, checks = checked("Gouda comes from the Netherlands and is 900 years old.")

    (claim,) = checks.claims
    assert (claim.verdict, claim.quotes, claim.cited) == (Verdict.UNCITED, (), False)


def test_two_sources_may_bear_a_claim_out_together() -> None:
    _, checks = checked(
        "Nemo has 12 billion parameters and Camembert ripens for three weeks [1][2]."
    )

    (claim,) = checks.claims
    assert claim.verdict is Verdict.SUPPORTED
    assert {quote.document.name for quote in claim.quotes} == {"document 1", "document 2"}
    assert Verdict.UNSUPPORTED not in {citation.verdict for citation in checks.citations}


def test_every_item_is_a_claim_of_its_own() -> None:
    text = "Of Nemo this is said:\n- It has 12 billion parameters [1]\n- It has 13 experts [1]\n"

    assert [verdict for _, verdict in verdicts(text)] == [Verdict.SUPPORTED, Verdict.UNSUPPORTED]


def test_what_was_checked_during_the_stream_is_not_checked_again() -> None:
    asked: list[int] = []

    class Counting(Verifier):
        def check_texts(
            self,
            pairs: Sequence[tuple[str, str]],
            contexts: Sequence[str] = (),
            tables: Sequence[str] = (),
        ) -> list[Check]:
            asked.append(len(pairs))
            return super().check_texts(pairs, contexts, tables)

    text = "Nemo has 12 billion parameters [1].\n\nIt was built together with NVIDIA [1].\n\n"
    reader = MarkerReader()
    reader.offer(SOURCES)
    shown = reader.feed(text)
    checking = Checking(Counting(NEAREST))
    checking.follow(shown, reader.sources, SOURCES)
    before = sum(asked)

    checking.finish(shown, cite(shown, reader.sources), reader.sources, SOURCES)

    assert (before, sum(asked)) == (2, 2)
