"""Whether a passage says what a claim says: rules first, and a model where rules do not decide.

Figures and periods that a passage does not have are decided by rules, whatever a model says. Where
the words could carry the claim, a small model reads both (`rag.protocols.Judge`), and a regression
weighs its judgement with what else rules see.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.alignment import Nearest, align
from rag.domain import Passage, Quote, Span, Verdict
from rag.folding import flowing
from rag.protocols import Judge, Judgement
from rag.signs import NOT_SAID, Signs, signs, telling
from rag.table_lines import in_cells

MANY = 2  # parts, and telling words of a part
MOST_READ = 2  # passages that are read for one claim, those that share most with it
IN_PART = "the source says only a part of this"
OPPOSITE = "the source says otherwise"
# The regression: fitted on what no rule decides of bench/claims/development.jsonl and of the first
# part of third.jsonl; claims are accepted from where a third of those like them hold, since the
# rules have taken most of the false ones out.
SUPPORTED_FROM, IN_PART_FROM = 0.5, 0.5
INTERCEPT, SAID, BEYOND, GENERALISED = -0.11, 0.26, -0.18, -0.16
FIGURES, WORKED_OUT, IN_TABLE = 1.09, 0.73, 2.81
LEAST_SHARE = 0.01
_JOINT = re.compile(
    r";|,? (?:and|but|while|whereas|et|mais|tandis que|alors que|und|aber|während|y|pero|"
    r"mientras) "
)
_RANK = {
    Verdict.SUPPORTED: 3.0,
    Verdict.PARTLY: 2.0,
    Verdict.UNSUPPORTED: 1.0,
    Verdict.UNCITED: 0.0,
}


@dataclass(frozen=True, slots=True)
class Check:
    """What checking a claim found: the span of the text that carries it, and why, in a phrase.

    `strength` is how far the text says it, from 0 to 1.
    """

    verdict: Verdict
    span: Span
    reason: str = ""
    strength: float = 0.0


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a claim against passages found, and the best quote; `at` is its passage's."""

    verdict: Verdict
    reason: str
    quote: Quote
    at: int
    strength: float = 0.0

    @property
    def rank(self) -> float:
        """What orders the findings on one claim."""
        return _RANK[self.verdict] + self.strength / 2


class Verifier:
    """Checks claims against what should say them; one instance serves any number of threads."""

    def __init__(self, nearest: Nearest, judge: Judge | None = None) -> None:
        """Take what compares meanings, and what reads a claim beside its evidence."""
        self._nearest = nearest
        self._judge = judge

    def check_text(self, claim: str, text: str) -> Check:
        """Check a claim, a sentence without markers, against a text that is not empty."""
        return self.check_texts([(claim, text)])[0]

    def check_texts(
        self,
        pairs: Sequence[tuple[str, str]],
        contexts: Sequence[str] = (),
        tables: Sequence[str] = (),
    ) -> list[Check]:
        """Check each claim against its own text.

        `contexts` are what the texts stand under, such as titles and headings: what is named there
        need not be named in the text. `tables` are the texts with rows cell by cell, where known.
        """
        none = [""] * len(pairs)
        seen = [
            signs(claim, text, self._nearest, context, table)
            for (claim, text), context, table in zip(
                pairs, contexts or none, tables or none, strict=True
            )
        ]
        open_ = [at for at, each in enumerate(seen) if not each.verbatim and each.fault is None]
        judged: dict[int, Judgement] = {}
        if self._judge and open_:
            read = self._judge.judge([(flowing(pairs[at][0]), seen[at].window) for at in open_])
            judged = dict(zip(open_, read, strict=True))
        return [decided(each, judged.get(at)) for at, each in enumerate(seen)]

    def check_each(self, claim: str, passages: Sequence[Passage]) -> list[Checked]:
        """Check a claim against each of some passages by itself."""
        pairs = [(claim, passage.text) for passage in passages]
        contexts = [context_of(passage) for passage in passages]
        checks = self.check_texts(pairs, contexts, [in_cells(passage) for passage in passages])
        return [
            Checked(check.verdict, check.reason, quote_of(passage, check.span), at, check.strength)
            for at, (check, passage) in enumerate(zip(checks, passages, strict=True))
        ]

    def check(self, claim: str, passages: Sequence[Passage]) -> Checked:
        """Check a claim against passages, one at least: the best of what they say of it.

        Those that share most of its words are read.
        """
        wanted = telling(claim)
        shares = [len(wanted & telling(passage.text)) for passage in passages]
        order = sorted(range(len(passages)), key=lambda at: -shares[at])[:MOST_READ]
        found = self.check_each(claim, [passages[at] for at in order])
        best = max(range(len(found)), key=lambda at: found[at].rank)
        return replace(found[best], at=order[best])

    def check_together(self, claim: str, passages: Sequence[Passage]) -> Checked:
        """Check a claim that no single passage bears out against several of them.

        It is supported if each of its parts ("…, and …") is by one of them; the quote is from the
        first. What has no parts stays as the best of them leaves it.
        """
        parts = clauses(flowing(claim))
        found = self.check_each(claim, passages)
        best = self.best(found)
        if len(parts) < MANY:
            return best
        by_part = [self.best(self.check_each(part, passages)) for part in parts]
        if all(each.verdict is Verdict.SUPPORTED for each in by_part):
            strength = min(each.strength for each in by_part)
            return replace(by_part[0], strength=strength)
        if any(each.verdict is Verdict.SUPPORTED for each in by_part):
            return replace(best, verdict=Verdict.PARTLY, reason=best.reason or IN_PART)
        return best

    def quote(self, claim: str, passage: Passage) -> Quote:
        """The part of a passage that comes nearest to a claim by its words, said or not."""
        return quote_of(passage, align(flowing(claim), passage.text).span)

    def similarity(self, one: str, other: str) -> float:
        """The cosine of two sentences."""
        return self._nearest(one, [other])[1]

    def against(self, claim: str, text: str) -> float:
        """How likely a text says otherwise than a claim, as far as it is judged; else 0."""
        return self._judge.judge([(claim, text)])[0].against if self._judge else 0.0

    @staticmethod
    def best(found: Sequence[Checked]) -> Checked:
        """The finding that says most for a claim."""
        return max(found, key=lambda each: each.rank)


def quote_of(passage: Passage, span: Span) -> Quote:
    """A span of a passage as a quote of its page."""
    return Quote(
        passage.document,
        passage.page,
        passage.label,
        passage.start + span.start,
        passage.start + span.end,
        passage.text[span.start : span.end],
        passage.offset,
    )


def context_of(passage: Passage) -> str:
    """What a passage stands under: the title of its document, and its headings."""
    return " · ".join(dict.fromkeys([passage.document.title, *passage.heading]))


def decided(seen: Signs, judgement: Judgement | None) -> Check:
    """The verdict on what rules saw, and a judge read if there is one."""
    if seen.verbatim:
        return Check(Verdict.SUPPORTED, seen.span, strength=1.0)
    if seen.fault is not None:
        return Check(Verdict.UNSUPPORTED, seen.span, seen.fault)
    if seen.stretched:
        return Check(Verdict.PARTLY, seen.span, seen.stretched)
    strength = _strength(seen, judgement)
    if strength >= SUPPORTED_FROM:
        return Check(Verdict.SUPPORTED, seen.span, strength=strength)
    in_part = (
        seen.generalised
        or seen.added
        or (judgement is not None and judgement.beyond > judgement.against)
    )
    verdict = Verdict.PARTLY if in_part and seen.held >= IN_PART_FROM else Verdict.UNSUPPORTED
    return Check(verdict, seen.span, _reason(seen, verdict), strength)


def _strength(seen: Signs, judgement: Judgement | None) -> float:
    """How far a text says a claim, 0 to 1: a logistic regression over what was seen of both."""
    if judgement is None:
        return seen.near * (not (seen.opposed or seen.denied))
    total = (
        INTERCEPT
        + SAID * _log_odds(judgement.said)
        + BEYOND * _log_odds(judgement.beyond)
        + GENERALISED * bool(seen.generalised)
        + FIGURES * seen.figures
        + WORKED_OUT * seen.worked_out
        + IN_TABLE * seen.in_table
    )
    return 1 / (1 + math.exp(-total))


def _log_odds(share: float) -> float:
    share = max(LEAST_SHARE, min(1 - LEAST_SHARE, share))
    return math.log(share / (1 - share))


def _reason(seen: Signs, verdict: Verdict) -> str:
    """Why a claim that no rule refutes is not supported."""
    if seen.opposed:
        return f"the source says “{seen.opposed[1]}”, not “{seen.opposed[0]}”"
    if seen.generalised:
        return f"the source does not say “{seen.generalised}”"
    if seen.added:
        return f"the source says nothing of “{seen.added}”"
    if verdict is Verdict.PARTLY:
        return IN_PART
    return OPPOSITE if seen.denied else NOT_SAID


def clauses(claim: str) -> list[str]:
    """The parts of a claim that a semicolon or a word such as "and" joins, if each says much."""
    parts = [part.strip(" ,") for part in _JOINT.split(claim)]
    return parts if all(len(telling(part)) >= MANY for part in parts) else [claim]
