from __future__ import annotations

from rag.checking import Checking
from rag.citations import MarkerReader, cite
from rag.domain import Document, DocumentState, Passage, Source
from rag.evidence import SentenceScorer
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.store.words import Words
from rag.verification import Verifier

VERIFIER = Verifier(SentenceScorer(MiniLmEmbedder(), Words()).nearest, MiniLmJudge())
FERRY = """The Tern ferry leaves at 17:45.

Passengers

Port | Passengers | Crew
Goole | 218¹ | 11[6]
Hexham | 221 | 12[7]
Ilkley | 224¹ | 13[8]"""
DEPOT = """Staff by town
Town Drivers Clerks
Goole 142¹ 26
Hexham 149 27
Ilkley 156 28"""


def disagreements(
    answer: str, *documents: tuple[str, str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """What is shown below an answer from documents, given as titles and texts."""
    sources = tuple(_source(at, *each) for at, each in enumerate(documents, start=1))
    reader = MarkerReader()
    reader.offer(sources)
    shown = reader.feed(answer) + reader.rest()
    citations = cite(shown, reader.sources)
    checks = Checking(VERIFIER).finish(shown, citations, reader.sources, sources, complete=True)
    return [
        (each.subject, [(value, quote.text) for value, quote in each.values])
        for each in checks.disagreements
    ]


def _source(number: int, title: str, text: str) -> Source:
    name = f"{number}.txt"
    document = Document(
        name, "library", name, title, "text/plain", "0", 1, DocumentState.READY, "", 1, False
    )
    return Source(number, Passage(document, 1, "1", 0, len(text), text, (), 1.0, (number,)))


def test_rows_of_one_label_in_unrelated_tables_do_not_disagree() -> None:
    answer = "“Hexham | 221 | 12[7]” [1]"
    depots = ("Plover annual survey", DEPOT)

    assert disagreements(answer, ("Tern ferry", FERRY), depots) == []
    same_heads = DEPOT.replace("Drivers Clerks", "Passengers Crew")
    assert disagreements(answer, ("Tern ferry", FERRY), ("Plover survey", same_heads)) == []


def test_rows_of_one_column_and_subject_disagree_on_what_is_claimed() -> None:
    other = FERRY.replace("221 | 12[7]", "230 | 15[7]")

    assert disagreements(
        "In Hexham there are 221 passengers [1].", ("Tern ferry", FERRY), ("Tern ferry", other)
    ) == [
        (
            "Passengers: Hexham, Passengers",
            [
                ("221", "Hexham | 221 | 12[7]"),
                ("230", "Port | Passengers | Crew\nGoole | 218¹ | 11[6]\nHexham | 230 | 15[7]"),
            ],
        )
    ]

    other = FERRY.replace("221 | 12[7]", "221 | 15[7]")
    assert (
        disagreements(
            "In Hexham there are 221 passengers [1].", ("Tern ferry", FERRY), ("Tern ferry", other)
        )
        == []
    )


def test_other_columns_captions_and_years_do_not_disagree() -> None:
    answer = "In Hexham there are 221 passengers [1]."
    ferry = ("Tern ferry", FERRY)
    other = FERRY.replace("221 | 12[7]", "230 | 15[7]")

    for caption, head in (("Passengers", "Guests | Cooks"), ("Harbours", "Passengers | Crew")):
        text = other.replace("\nPassengers\n", f"\n{caption}\n").replace("Passengers | Crew", head)
        assert disagreements(answer, ferry, ("Tern ferry", text)) == []
    assert disagreements(answer, ("Ferry 2022", FERRY), ("Ferry 2023", other)) == []


def test_cells_that_only_spaces_part_are_told_by_their_heads() -> None:
    other = DEPOT.replace("Hexham 149 27", "Hexham 151 27")

    assert disagreements(
        "In Hexham there are 149 drivers [1].", ("Plover survey", DEPOT), ("Plover survey", other)
    ) == [
        (
            "Staff by town: Hexham, Drivers",
            [
                ("149", "Hexham 149 27"),
                ("151", "Town Drivers Clerks\nGoole 142¹ 26\nHexham 151 27"),
            ],
        )
    ]
    unclear = other.replace("Town Drivers Clerks", "Town of the depot Drivers Clerks")
    assert (
        disagreements(
            "In Hexham there are 149 drivers [1].", ("Plover", DEPOT), ("Plover", unclear)
        )
        == []
    )
