"""How good an answer is: what of it its sources bear out, and what it cites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from rag.answer_rows import AnswerRow, CitedRow, ClaimRow
from rag.containing import contains
from rag.domain import Verdict
from rag.folding import flowing
from rag.known_questions import EvaluationQuestion
from rag.marks import Place

CUT_OFF = "breaks off before its end"
LONGEST_CLAIM = 160  # characters of one that is shown


@dataclass(frozen=True, slots=True)
class Grade:
    """What an answer's claims and citations are worth.

    The first four count its claims by their verdict, `borne_out` those that what they cite
    supports. Of the `citations`, `supporting` are supported, and `right` to a page that holds
    the answer, None where that is not known. `faults` say what is wrong, a phrase each;
    `cut_off` where the answer did not come to its end.
    """

    supported: int
    partly: int
    unsupported: int
    uncited: int
    borne_out: int
    citations: int
    supporting: int
    right: int | None
    faults: tuple[str, ...] = ()
    cut_off: bool = False

    @property
    def claims(self) -> int:
        """How many claims the answer makes."""
        return self.supported + self.partly + self.unsupported + self.uncited

    @property
    def support(self) -> float:
        """The share of its claims that is supported; an answer without any claims nothing wrong."""
        return self.supported / self.claims if self.claims else 1.0

    @property
    def precision(self) -> float:
        """The share of its citations that is supported, 0 without any."""
        return self.supporting / self.citations if self.citations else 0.0


def grade(answer: AnswerRow, gold: Collection[Place]) -> Grade | None:
    """The grade of an answer that was checked, None for a refusal and for one without documents.

    `gold` are the places that hold the answer, none where they are not known.
    """
    if not answer.is_answered:
        return None
    claims = answer.claims or ()
    counts = Counter(claim.verdict for claim in claims)
    right = [is_right(citation, gold) for citation in answer.citations]
    return Grade(
        counts[Verdict.SUPPORTED],
        counts[Verdict.PARTLY],
        counts[Verdict.UNSUPPORTED],
        counts[Verdict.UNCITED],
        sum(it.verdict is Verdict.SUPPORTED and bool(it.citations) for it in claims),
        len(answer.citations),
        sum(citation.verdict is Verdict.SUPPORTED for citation in answer.citations),
        sum(right) if gold else None,
        (
            *_wrong_claims(claims),
            *_wrong_citations(answer),
            *_wrong_pages(answer, gold),
            *([] if answer.complete else [CUT_OFF]),
        ),
        cut_off=not answer.complete,
    )


def is_right(citation: CitedRow, gold: Collection[Place]) -> bool:
    """Whether a citation is to a place of those given, or to their document where no page is."""
    return any(place in gold or Place(place.document, None) in gold for place in citation.places)


def is_contained(answer: AnswerRow, question: EvaluationQuestion) -> bool | None:
    """Whether an answer or its quotes have an accepted text, None where none is known."""
    if not question.accepted:
        return None
    said = "\n".join([answer.answer, *(citation.quote for citation in answer.citations)])
    return any(contains(said, text, question.question) for text in question.accepted)


def still_cites(answer: AnswerRow, wrong: Collection[Place]) -> bool | None:
    """Whether an answer cites a place that is known to be wrong, None where none is known."""
    return any(is_right(citation, wrong) for citation in answer.citations) if wrong else None


def _wrong_claims(claims: Collection[ClaimRow]) -> list[str]:
    """What each claim that is not supported says, and why it is not, the worst first."""
    order = [Verdict.UNSUPPORTED, Verdict.UNCITED, Verdict.PARTLY]
    wrong = sorted(
        (claim for claim in claims if claim.verdict in order),
        key=lambda claim: order.index(claim.verdict),
    )
    return [
        f"{claim.verdict}: “{_short(claim.text)}”{f' ({claim.reason})' if claim.reason else ''}"
        for claim in wrong
    ]


def _wrong_citations(answer: AnswerRow) -> list[str]:
    """What is wrong with what the answer cites, whatever it says of it."""
    return list(dict.fromkeys(_short(it.fault) for it in answer.citations if it.fault))


def _wrong_pages(answer: AnswerRow, gold: Collection[Place]) -> list[str]:
    """That none of the places cited is right, where it is known which are."""
    if not gold or any(is_right(citation, gold) for citation in answer.citations):
        return []
    places = dict.fromkeys(place for citation in answer.citations for place in citation.places)
    cited = "; ".join(place.told for place in places) or "nothing"
    wanted = "; ".join(sorted(place.told for place in gold))
    return [f"cites {cited}, and the answer is in {wanted}"]


def _short(text: str) -> str:
    text = flowing(text)
    return text if len(text) <= LONGEST_CLAIM else f"{text[: LONGEST_CLAIM - 2].rstrip()} …"
