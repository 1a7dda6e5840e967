import json
from dataclasses import replace

from rag.batch import BatchQuestion, answer_row
from rag.domain import Answer, Citation, Claim, Disagreement, Quote, Span, Verdict
from tests.fakes import document

TEXT = "Nemo has 12 billion parameters [1][2]. It is from Mars [1]. It is good."


def quote(text: str, page: int = 1, *, paginated: bool = True) -> Quote:
    return Quote(document(paginated=paginated), page, "", 3, 3 + len(text), text, 10)


def span(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words))


def cited(number: int, at: int, claim: Span, verdict: Verdict) -> Citation:
    return Citation(number, Span(at, at + 3), claim, quote("12 billion"), verdict)


FIRST, SECOND, THIRD = (
    span("Nemo has 12 billion parameters [1][2]."), span("It is from Mars [1]."),
    span("It is good."),
)  # fmt: skip
ANSWER = Answer(
    TEXT,
    "Q?",
    "m",
    (
        cited(1, TEXT.index("[1]"), FIRST, Verdict.SUPPORTED),
        cited(2, TEXT.index("[2]"), FIRST, Verdict.UNSUPPORTED),
        cited(1, TEXT.rindex("[1]"), SECOND, Verdict.UNSUPPORTED),
    ),
    claims=(
        Claim(FIRST, Verdict.SUPPORTED),
        Claim(SECOND, Verdict.UNSUPPORTED, "the source does not say this"),
        Claim(THIRD, Verdict.UNCITED, "no source is named", cited=False),
    ),
    disagreements=(
        Disagreement(
            "parameters",
            (("12 billion", quote("12 billion")), ("13", quote("13", paginated=False))),
        ),
    ),
    grounded=False,
)


def test_claims_are_written_with_their_verdicts_and_the_citations_they_have() -> None:
    row = json.loads(json.dumps(answer_row(BatchQuestion(question="Q?", id="1"), ANSWER)))

    assert row["claims"] == [
        {
            "text": "Nemo has 12 billion parameters.",
            "verdict": "supported",
            "reason": "",
            "cited": True,
            "citations": [0, 1],
            "quotes": [],
        },
        {
            "text": "It is from Mars.",
            "verdict": "unsupported",
            "reason": "the source does not say this",
            "cited": True,
            "citations": [2],
            "quotes": [],
        },
        {
            "text": "It is good.",
            "verdict": "uncited",
            "reason": "no source is named",
            "cited": False,
            "citations": [],
            "quotes": [],
        },
    ]
    assert [each["verdict"] for each in row["citations"]] == [
        "supported", "unsupported", "unsupported"
    ]  # fmt: skip
    assert row["grounded"] is False


def test_a_claim_without_a_marker_has_those_of_the_line_that_introduces_it() -> None:
    under = replace(ANSWER.claims[2], cited=True, numbers=(1, 7))
    answer = replace(ANSWER, claims=(under,))

    (claim,) = answer_row(BatchQuestion(question="Q?", id="1"), answer)["claims"]

    assert claim["citations"] == [2]


def test_what_was_found_for_a_claim_without_a_source_is_written_with_it() -> None:
    found = Claim(THIRD, Verdict.SUPPORTED, "found", (quote("It is good."),), cited=False)
    answer = replace(ANSWER, claims=(found,))

    (claim,) = answer_row(BatchQuestion(question="Q?", id="1"), answer)["claims"]

    assert claim["citations"] == []
    assert claim["quotes"] == [
        {"document": "guide.pdf", "page": 1, "start": 3, "end": 14, "quote": "It is good."}
    ]


def test_a_disagreement_is_written_with_the_quote_of_each_value() -> None:
    (row,) = answer_row(BatchQuestion(question="Q?", id="1"), ANSWER)["disagreements"]

    assert row["subject"] == "parameters"
    assert row["values"] == [
        {
            "value": "12 billion",
            "document": "guide.pdf",
            "page": 1,
            "start": 3,
            "end": 13,
            "quote": "12 billion",
        },
        {
            "value": "13",
            "document": "guide.pdf",
            "page": None,
            "start": 13,
            "end": 15,
            "quote": "13",
        },
    ]
