"""Checks an answer's statements against its sources, while it is written and when it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag.amounts import amounts
from rag.citations import without_markers
from rag.claims import Statement, find_claims, finished_claims, settled
from rag.disagreement import Said, disagreements
from rag.domain import Citation, Claim, Disagreement, Passage, Quote, Source, Verdict
from rag.languages import detect
from rag.table_cells import TableRow, rows_at
from rag.verification import Checked, Verifier

NO_SOURCE = "the answer names no source for this"
FOUND_ANYWAY = "the answer names no source for this, and this one says it"
FOUND_ELSEWHERE = "the source that is named does not say this, and another one does"
DOUBTFUL = 0.25  # strength from which a claim may be said, though its verdict is that it is not
LOOKED_THROUGH = 6  # sources, for what disagrees with a claim
FOLLOW_EVERY = 60  # characters of an answer between two looks at what is settled
_BACKED = frozenset({Verdict.SUPPORTED, Verdict.PARTLY})

_Key = tuple[str, str, int, int, int]


@dataclass(frozen=True, slots=True)
class Checks:
    """What checking an answer found: its claims, and its citations with their verdicts.

    `nothing_stands` where statements were made, and it is clear of all that no source says them.
    """

    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    nothing_stands: bool = False


class Checking:
    """The statements of one answer.

    Those that are complete are checked while the model goes on writing, so that little is left to
    do at the end.
    """

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._known: dict[_Key, Checked] = {}
        self._best: dict[tuple[str, tuple[int, ...]], Checked] = {}
        self._looked = 0
        self._doubtful = False  # whether a statement that was not backed may be said all the same

    def follow(self, text: str, cited: Mapping[int, Source], sources: Sequence[Source]) -> None:
        """Check what is settled of an answer that is still being written.

        Args:
            text: the answer so far, with the markers that its reader sees.
            cited: its sources by the number shown.
            sources: all that the model was shown.
        """
        if len(text) - self._looked < FOLLOW_EVERY:
            return
        self._looked = len(text)
        for statement in find_claims(text[: settled(text)]):
            numbers = [number for number in statement.numbers if number in cited]
            found = self._each(statement.text, [cited[number].passage for number in numbers])
            if all(each.verdict is Verdict.UNSUPPORTED for each in found):
                named = {cited[number].number for number in numbers}
                others = [source for source in sources if source.number not in named]
                if others:
                    self._among(statement.text, others)

    def finish(
        self,
        text: str,
        citations: Sequence[Citation],
        cited: Mapping[int, Source],
        sources: Sequence[Source],
        *,
        complete: bool = True,
    ) -> Checks:
        """Every statement of an answer to which nothing is added.

        Args:
            text: the answer, with the markers that its reader sees.
            citations: what those cite, in reading order.
            cited: its sources by the number shown.
            sources: all that the model was shown.
            complete: whether the answer came to its end; the sentence in which one breaks off
                states nothing.
        """
        claims = []
        checked = list(citations)
        self._doubtful = False
        for statement in find_claims(text) if complete else finished_claims(text):
            span = statement.span
            own = [
                at
                for at, citation in enumerate(citations)
                if span.start <= citation.marker.start and citation.marker.end <= span.end
            ]
            numbers = [number for number in statement.numbers if number in cited]
            if not numbers:
                claims.append(self._uncited(statement, cited, sources))
                continue
            found = self._each(statement.text, [cited[number].passage for number in numbers])
            claim = self._cited(statement, numbers, found, cited)
            if claim.verdict is Verdict.UNSUPPORTED:
                claim = self._elsewhere_said(statement, numbers, cited, sources) or claim
            claims.append(claim)
            joint = all(each.verdict is not Verdict.SUPPORTED for each in found)
            for at in (at for at in own if citations[at].number in numbers):
                one = found[numbers.index(citations[at].number)]
                verdict = one.verdict
                is_part = joint and claim.verdict is Verdict.SUPPORTED
                if verdict is Verdict.UNSUPPORTED and is_part:
                    verdict = Verdict.PARTLY  # what the others say besides makes it whole
                checked[at] = replace(citations[at], quote=one.quote, verdict=verdict)
        return Checks(
            tuple(claims),
            tuple(checked),
            self._disagreements(text, claims, sources),
            bool(claims) and not self._doubtful and not any(c.verdict in _BACKED for c in claims),
        )

    def _disagreements(
        self, text: str, claims: Sequence[Claim], sources: Sequence[Source]
    ) -> tuple[Disagreement, ...]:
        """Where what backs the claims differs, or what the other documents say of the same."""
        said = []
        for claim in claims:
            if claim.verdict in _BACKED and claim.quotes:
                words = without_markers(text[claim.span.start : claim.span.end])
                said += [Said(words, quote, rows=_rows(quote, sources)) for quote in claim.quotes]
                said += self._elsewhere(words, claim.quotes, sources)
        return disagreements(said, self._verifier)

    def _elsewhere(
        self, words: str, quotes: Sequence[Quote], sources: Sequence[Source]
    ) -> list[Said]:
        """What the best sources in other documents say of a claim with figures."""
        if not amounts(words, detect(words)):
            return []
        documents = {quote.document.id for quote in quotes}
        others = [
            source.passage
            for source in sources[:LOOKED_THROUGH]
            if source.passage.document.id not in documents
        ]
        found = [(self._verifier.quote(words, passage), passage) for passage in others]
        return [
            Said(words, quote, besides=True, rows=rows_at(quote, passage))
            for quote, passage in found
        ]

    def _cited(
        self,
        statement: Statement,
        numbers: Sequence[int],
        found: Sequence[Checked],
        cited: Mapping[int, Source],
    ) -> Claim:
        """A statement by the best of its sources, or by all of them together."""
        best = self._verifier.best(found)
        if best.verdict is not Verdict.SUPPORTED and len(found) > 1:
            passages = [cited[number].passage for number in numbers]
            together = self._verifier.check_together(statement.text, passages)
            best = max(best, together, key=lambda each: each.rank)
        self._doubtful |= best.strength >= DOUBTFUL
        quotes = dict.fromkeys([best.quote, *(each.quote for each in found)])
        if best.verdict is Verdict.SUPPORTED:
            quotes = (
                dict.fromkeys(
                    each.quote for each in found if each.verdict is not Verdict.UNSUPPORTED
                )
                or quotes
            )
        return Claim(statement.span, best.verdict, best.reason, tuple(quotes), tuple(numbers))

    def _elsewhere_said(
        self,
        statement: Statement,
        numbers: Sequence[int],
        cited: Mapping[int, Source],
        sources: Sequence[Source],
    ) -> Claim | None:
        """A statement that the sources it names do not bear out, if another one does."""
        named = {cited[number].number for number in numbers}
        others = [source for source in sources if source.number not in named]
        if not others:
            return None
        found = self._among(statement.text, others)
        if found.verdict is not Verdict.SUPPORTED:
            return None
        shown = _shown(others[found.at], cited)
        return Claim(statement.span, Verdict.PARTLY, FOUND_ELSEWHERE, (found.quote,), shown)

    def _uncited(
        self, statement: Statement, cited: Mapping[int, Source], sources: Sequence[Source]
    ) -> Claim:
        """A statement without a marker: its sources are looked for among all of them."""
        if not sources:
            return Claim(statement.span, Verdict.UNCITED, NO_SOURCE, cited=False)
        found = self._among(statement.text, sources)
        self._doubtful |= found.strength >= DOUBTFUL
        if found.verdict is not Verdict.SUPPORTED:
            reason = f"{NO_SOURCE}, and none of those found says it"
            return Claim(statement.span, Verdict.UNCITED, reason, cited=False)
        shown = _shown(sources[found.at], cited)
        return Claim(
            statement.span, Verdict.SUPPORTED, FOUND_ANYWAY, (found.quote,), shown, cited=False
        )

    def _among(self, claim: str, sources: Sequence[Source]) -> Checked:
        """The best that some sources say of a claim, looked for once."""
        key = (claim, tuple(source.number for source in sources))
        if key not in self._best:
            passages = [source.passage for source in sources]
            self._best[key] = self._verifier.check(claim, passages)
        return self._best[key]

    def _each(self, claim: str, passages: Sequence[Passage]) -> list[Checked]:
        """A claim against each of its passages; what was found once is not looked for again."""
        keys = [
            (claim, passage.document.id, passage.page, passage.start, passage.end)
            for passage in passages
        ]
        new = [at for at, key in enumerate(keys) if key not in self._known]
        for at, found in zip(
            new, self._verifier.check_each(claim, [passages[at] for at in new]), strict=True
        ):
            self._known[keys[at]] = found
        return [self._known[key] for key in keys]


def _rows(quote: Quote, sources: Sequence[Source]) -> tuple[TableRow, ...]:
    """The rows of tables that a quote holds, by the source it was taken from."""
    for passage in (source.passage for source in sources):
        is_here = (passage.document.id, passage.page) == (quote.document.id, quote.page)
        if is_here and passage.start <= quote.start and quote.end <= passage.end:
            return rows_at(quote, passage)
    return ()


def _shown(source: Source, cited: Mapping[int, Source]) -> tuple[int, ...]:
    """The number under which an answer's reader knows a source, if the answer cites it."""
    return tuple(number for number, each in cited.items() if each.number == source.number)
