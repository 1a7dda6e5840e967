"""Checking answers that were written elsewhere against the pages of the library that they cite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rag.answer_rows import AnswerRow, CitedRow, ClaimRow
from rag.checking import FOUND_ANYWAY, NO_SOURCE
from rag.citations import MarkerReader
from rag.claims import Statement, find_claims, finished_claims
from rag.domain import Document, DocumentState, Page, Passage, Source, Span, Verdict
from rag.errors import NotFoundError
from rag.folding import fold
from rag.markers import code_spans, find_markers
from rag.store.catalog import Catalog
from rag.verification import Checked, Verifier

LEFT_OUT = r"\(?\.{3,}\)?"  # as "[…]" is folded
_BACKED = (Verdict.SUPPORTED, Verdict.PARTLY)
_UNKNOWN = Document(
    "", "", "", "", "text/plain", "", 0, DocumentState.READY, "", 1, paginated=False
)

Place = tuple[Document, Page]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What is there to read of a citation, and why it is not what it says; empty where it is."""

    passages: tuple[Passage, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Marker:
    """A marker: where it stands, the number it shows, and the citation it names."""

    where: int
    number: int
    citation: int


@dataclass(frozen=True, slots=True)
class _Statement:
    """A claim, what each citation says of it as far as it was read, and which it names."""

    text: str
    own: tuple[int, ...]
    found: dict[int, Checked]


class Rechecker:
    """Finds the verdicts of answers that come without."""

    def __init__(self, catalog: Catalog, verifier: Verifier, library_id: str) -> None:
        """Take where the pages are, what checks claims, and the library that is cited."""
        self._catalog = catalog
        self._verifier = verifier
        self._library_id = library_id
        self._documents: dict[str, list[Document]] | None = None

    def recheck(self, answer: AnswerRow) -> AnswerRow:
        """The answer with its claims and the verdicts of its citations.

        One whose claims are known, and one that answers nothing, comes back as it is. A citation
        is for the claims whose marker names it, and for all claims where there are no markers.
        The sentence in which an answer breaks off states nothing.
        """
        if answer.claims is not None or not answer.is_answered:
            return answer
        evidence = [self._evidence(citation) for citation in answer.citations]
        text, markers = _marked(answer.answer, len(evidence))
        statements, claims = [], []
        for statement in find_claims(text) if answer.complete else finished_claims(text):
            own = _own(statement, markers) if markers else tuple(range(len(evidence)))
            read = self._read(statement.text, own, evidence)
            statements.append(_Statement(statement.text, own, read))
            claims.append(self._claim(statements[-1], evidence, marked=bool(markers)))
        citations = [
            _judged(
                citation, evidence[at].fault, [it.found[at] for it in statements if at in it.found]
            )
            for at, citation in enumerate(answer.citations)
        ]
        return answer.model_copy(update={"claims": tuple(claims), "citations": tuple(citations)})

    def _read(
        self, claim: str, wanted: Iterable[int], evidence: Sequence[_Evidence]
    ) -> dict[int, Checked]:
        """What each of the citations that can be read says of a claim."""
        return {
            at: self._verifier.check(claim, evidence[at].passages)
            for at in wanted
            if evidence[at].passages
        }

    def _claim(
        self, statement: _Statement, evidence: Sequence[_Evidence], *, marked: bool
    ) -> ClaimRow:
        own, found = statement.own, statement.found
        if not own:
            return self._uncited(statement.text, evidence)
        if not found:
            reason = "; ".join(dict.fromkeys(evidence[at].fault for at in own))
            return _row(statement, Verdict.UNSUPPORTED, reason, own)
        best = self._verifier.best(list(found.values()))
        if best.verdict is not Verdict.SUPPORTED and len(found) > 1:
            read = [evidence[at].passages[each.at] for at, each in found.items()]
            together = self._verifier.check_together(statement.text, read)
            best = max(best, together, key=lambda each: each.rank)
        backing = tuple(at for at, each in found.items() if each.verdict in _BACKED)
        return _row(statement, best.verdict, best.reason, own if marked else backing)

    def _uncited(self, claim: str, evidence: Sequence[_Evidence]) -> ClaimRow:
        """A claim that names no source: it is looked for in all of them."""
        passages = [passage for each in evidence for passage in each.passages]
        if passages and self._verifier.check(claim, passages).verdict is Verdict.SUPPORTED:
            return ClaimRow(text=claim, verdict=Verdict.SUPPORTED, reason=FOUND_ANYWAY, cited=False)
        return ClaimRow(text=claim, verdict=Verdict.UNCITED, reason=NO_SOURCE, cited=False)

    def _evidence(self, citation: CitedRow) -> _Evidence:
        """What a citation leads to: its quote, where that stands there, and the page around it."""
        quote = citation.quote.strip()
        name = PurePath(citation.document).name
        documents = self._named(name) or self._named(citation.document)
        if not documents:
            if quote and not name:
                return _Evidence((_passage(_UNKNOWN, Page(1, "", quote, 0), quote),))
            fault = f"{name} is not in the library" if name else "a citation names no document"
            return _Evidence((), fault)
        pages = [
            place
            for document in documents
            for place in self._pages(document, citation.pages or (citation.page,))
        ]
        if not pages:
            return _Evidence((), f"there is no text on {_told(citation)}")
        holding = [place for place in pages if quote and _holds(place[1].text, quote)]
        whole = tuple(_passage(document, page, page.text) for document, page in holding or pages)
        if quote and not holding:
            return _Evidence(whole, f"“{quote}” does not stand on {_told(citation)}")
        return _Evidence((*(_passage(*place, quote) for place in holding[:1]), *whole))

    def _pages(self, document: Document, numbers: Sequence[int | None]) -> list[Place]:
        """The pages of those numbers that hold text; all for none, or where it has no pages."""
        try:
            wanted = [each for each in numbers if each is not None and document.paginated]
            found = (
                [self._catalog.page(document.id, number) for number in wanted]
                if wanted
                else self._catalog.pages(document.id)
            )
        except NotFoundError:
            return []
        return [(document, page) for page in found if page.text.strip()]

    def _named(self, name: str) -> list[Document]:
        if self._documents is None:
            self._documents = {}
            for document in self._catalog.documents(self._library_id):
                for called in (document.name, document.id):
                    self._documents.setdefault(called, []).append(document)
        return self._documents.get(name, [])


def _marked(answer: str, count: int) -> tuple[str, list[_Marker]]:
    """The answer with plain markers, and which of its citations each of them names.

    Markers name citations by their number, from 1; but where there are as many markers as
    citations and they are numbered as they come, a citation is there for each marker.
    """
    reader = MarkerReader()
    blank = _passage(_UNKNOWN, Page(1, "", "", 0), "")
    reader.offer([Source(number, blank) for number in range(1, count + 1)])
    text = reader.feed(answer) + reader.rest()
    shown = [
        (marker.span.end - 1, number)
        for marker in find_markers(text, Span(0, len(text)), code_spans(text))
        for number in marker.numbers()
        if number in reader.sources
    ]
    sources = {number: source.number for number, source in reader.sources.items()}
    in_turn = len(shown) == count and all(number == of for number, of in sources.items())
    return text, [
        _Marker(where, number, turn if in_turn else sources[number] - 1)
        for turn, (where, number) in enumerate(shown)
    ]


def _own(statement: Statement, markers: Sequence[_Marker]) -> tuple[int, ...]:
    """The citations whose markers stand in a statement, else those of the line above it."""
    span = statement.span
    inside = [it.citation for it in markers if span.start <= it.where < span.end]
    if not inside:
        before = {it.number: it.citation for it in markers if it.where < span.start}
        inside = [before[number] for number in statement.numbers if number in before]
    return tuple(dict.fromkeys(inside))


def _judged(citation: CitedRow, fault: str, found: Sequence[Checked]) -> CitedRow:
    """A citation with the best verdict of its claims; what is not there supports none of them."""
    verdict: Verdict | None = None
    if fault:
        verdict = Verdict.UNSUPPORTED
    elif found:
        verdict = Verifier.best(found).verdict
    return citation.model_copy(update={"verdict": verdict, "fault": fault})


def _row(
    statement: _Statement, verdict: Verdict, reason: str, citations: tuple[int, ...]
) -> ClaimRow:
    return ClaimRow(text=statement.text, verdict=verdict, reason=reason, citations=citations)


def _passage(document: Document, page: Page, text: str) -> Passage:
    return Passage(document, page.number, page.label, 0, len(text), text, (), 0.0, (), page.offset)


def _holds(text: str, quote: str) -> bool:
    """Whether a text has the words of a quote, in their order where the quote leaves some out."""
    there, at = fold(text).text, 0
    for piece in re.split(LEFT_OUT, fold(quote).text):
        at = there.find(piece.strip(), at)
        if at < 0:
            return False
        at += len(piece.strip())
    return True


def _told(citation: CitedRow) -> str:
    return "; ".join(place.told for place in citation.places)
