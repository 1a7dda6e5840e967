"""Whether a passage says what a claim says: rules first, and a model where rules do not decide.

Figures and periods that a passage does not have are decided by rules, whatever a model says. Where
the words could carry the claim, a small model reads both (`rag.protocols.Judge`), and a regression
weighs its judgement with what else rules see.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag.alignment import Nearest, align
from rag.binding import bound
from rag.contradiction import evidence_of, faults
from rag.domain import Passage, Quote, Span, Verdict
from rag.folding import flowing, fold, unaccented
from rag.languages import SMALL_WORDS, detect
from rag.polarity import denials, generalised, opposed
from rag.protocols import Judge, Judgement
from rag.sentences import split_sentences

WINDOW_WORDS = 60
STEM = 5  # letters by which two forms of a word are compared
SHORTEST_QUOTE, MOST_ADDED = 4, 3  # words of a claim that is its evidence shortened
MANY = 2  # parts, and telling words of a part
MOST_READ = 2  # passages that are read for one claim, those that share most with it
NOT_SAID = "the source does not say this"
IN_PART = "the source says only a part of this"
OPPOSITE = "the source says otherwise"
ELSEWHERE = "the source says this figure of something else"
# The regression: fitted on the development half of bench/claims, `python -m bench.verification`.
SUPPORTED_FROM, IN_PART_FROM = 0.5, 0.5
INTERCEPT, SAID, BOUND = 1.17, 0.3, 4.5
OPPOSED, DENIED, GENERALISED = -1.5, -1.2, -0.8
WIDEST_MARGIN, BOUND_ELSEWHERE, LEAST_SHARE = 0.3, 0.1, 0.01
_LIMITS = re.compile(
    r"no|not?n?|never|none|neither|nor|without|except\w*|unless|only|if|may|might|could|some|"
    r"most|many|"
    r"up|least|nearly|almost|about|partly|hardly|fail\w*|not|ne|pas|sans|sauf|si|peut|certains?|"
    r"certaines|plupart|aucune?|jamais|presque|environ|kein\w*|nicht|nie|ohne|ausser|wenn|kann|"
    r"manche|nunca|sin|salvo|puede|algunos"
)
_JOINT = re.compile(
    r";|,? (?:and|but|while|whereas|et|mais|tandis que|alors que|und|aber|während|y|pero|"
    r"mientras) "
)
_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset().union(*SMALL_WORDS.values())
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


@dataclass(frozen=True, slots=True)
class Signs:
    """What rules see in a claim and the words that carry it.

    `held` is the share of its telling words that the text has, `near` those of the evidence;
    `fault` is what it cannot carry, None where it could; `bound` is how well its figures stand by
    its words (`rag.binding`).
    """

    span: Span
    window: str
    verbatim: bool
    fault: str | None
    held: float
    near: float
    opposed: tuple[str, str] | None
    denied: bool
    generalised: str
    bound: float


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
        self, pairs: Sequence[tuple[str, str]], contexts: Sequence[str] = ()
    ) -> list[Check]:
        """Check each claim against its own text.

        `contexts` are what the texts stand under, such as titles and headings: what is named there
        need not be named in the text.
        """
        under = contexts or [""] * len(pairs)
        seen = [
            signs(claim, text, self._nearest, context)
            for (claim, text), context in zip(pairs, under, strict=True)
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
        checks = self.check_texts(pairs, [context_of(passage) for passage in passages])
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


def signs(claim: str, text: str, nearest: Nearest | None = None, context: str = "") -> Signs:
    """What rules see of a claim in a text that stands under a context."""
    claim = flowing(claim)
    found = align(claim, text, nearest)
    span = found.span
    carried = text[span.start : span.end]
    evidence = evidence_of(text, carried, span.start, context)
    read = window(claim, text, span)
    wanted = telling(claim)
    if wanted & telling(context) - telling(text):
        read = f"{context}: {read}"
    fault = next(faults(claim, evidence), None)
    held = _share(wanted, telling(f"{context} {text}"))
    strange = not found.found or (not held and detect(claim) in (None, evidence.language))
    return Signs(
        span,
        read,
        _is_verbatim(claim, text) or (fault is None and _is_shortened(claim, carried)),
        fault.reason if fault else NOT_SAID if strange else None,
        held,
        _share(wanted, telling(f"{context} {carried}")),
        opposed(claim, carried),
        bool((denials(claim) - denials(carried)) % 2),
        generalised(claim, carried),
        bound(claim, text),
    )


def decided(seen: Signs, judgement: Judgement | None) -> Check:
    """The verdict on what rules saw, and a judge read if there is one."""
    if seen.verbatim:
        return Check(Verdict.SUPPORTED, seen.span, strength=1.0)
    if seen.fault is not None:
        return Check(Verdict.UNSUPPORTED, seen.span, seen.fault)
    strength = _strength(seen, judgement)
    if strength >= SUPPORTED_FROM:
        return Check(Verdict.SUPPORTED, seen.span, strength=strength)
    in_part = seen.generalised or (judgement is not None and judgement.beyond > judgement.against)
    verdict = Verdict.PARTLY if in_part and seen.held >= IN_PART_FROM else Verdict.UNSUPPORTED
    return Check(verdict, seen.span, _reason(seen, verdict), strength)


def _strength(seen: Signs, judgement: Judgement | None) -> float:
    """How far a text says a claim, 0 to 1: a logistic regression over what was seen of both."""
    if judgement is None:
        return seen.near * (not (seen.opposed or seen.denied))
    margin = max(-WIDEST_MARGIN, min(WIDEST_MARGIN, seen.bound))
    total = (
        INTERCEPT
        + SAID * _log_odds(judgement.said)
        + BOUND * margin
        + OPPOSED * bool(seen.opposed)
        + DENIED * seen.denied
        + GENERALISED * bool(seen.generalised)
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
    if verdict is Verdict.PARTLY:
        return IN_PART
    if seen.denied:
        return OPPOSITE
    return ELSEWHERE if seen.bound < -BOUND_ELSEWHERE else NOT_SAID


def window(claim: str, text: str, span: Span) -> str:
    """Some 60 words around the span that carries a claim: what it is read beside.

    These are the span's sentences, those that hold what it lacks of the claim, and its neighbours,
    in their order.
    """
    sentences = _sentences(text)
    words = [telling(text[each.start : each.end]) for each in sentences]
    sizes = [len(text[each.start : each.end].split()) for each in sentences]
    chosen = [
        at for at, each in enumerate(sentences) if each.start < span.end and span.start < each.end
    ]
    if not chosen:
        return flowing(text[span.start : span.end])
    room = WINDOW_WORDS - sum(sizes[at] for at in chosen)
    missing = telling(claim).difference(*(words[at] for at in chosen))
    rest = [at for at in range(len(sentences)) if at not in chosen]
    rest.sort(key=lambda at: (-len(words[at] & missing), abs(at - chosen[0])))
    for at in rest:
        if sizes[at] <= room:
            room -= sizes[at]
            chosen.append(at)
    read = [sentences[at] for at in sorted(chosen)]
    return " ".join(flowing(text[each.start : each.end]) for each in read)


@lru_cache(maxsize=64)
def _sentences(text: str) -> tuple[Span, ...]:
    return tuple(split_sentences(text)) or (Span(0, len(text)),)


def clauses(claim: str) -> list[str]:
    """The parts of a claim that a semicolon or a word such as "and" joins, if each says much."""
    parts = [part.strip(" ,") for part in _JOINT.split(claim)]
    return parts if all(len(telling(part)) >= MANY for part in parts) else [claim]


@lru_cache(maxsize=4096)
def telling(text: str) -> frozenset[str]:
    """The words of a text that tell something, by their first letters, and its figures."""
    found: set[str] = set()
    for word in _WORD.findall(unaccented(text)):
        if word[0].isdigit():
            found.add(word)
        elif len(word) > 2 and word not in _SMALL:
            found.add(word[:STEM])
    return frozenset(found)


def _share(wanted: frozenset[str], there: frozenset[str]) -> float:
    return len(wanted & there) / len(wanted) if wanted else 1.0


def _is_shortened(claim: str, carried: str) -> bool:
    """Whether a claim is its evidence with words left out, none of which denies or limits it."""
    said = [unaccented(word) for word in _WORD.findall(claim)]
    there = [unaccented(word) for word in _WORD.findall(carried)]
    matching = difflib.SequenceMatcher(None, said, there, autojunk=False).get_matching_blocks()
    kept = {at for block in matching for at in range(block.a, block.a + block.size)}
    added = [word for at, word in enumerate(said) if at not in kept]
    if any(word not in _SMALL or _LIMITS.fullmatch(word) for word in added):
        return False
    if len(kept) < SHORTEST_QUOTE or len(said) - len(kept) > MOST_ADDED:
        return False
    used = {at for block in matching for at in range(block.b, block.b + block.size)}
    left_out = [there[at] for at in range(min(used), max(used)) if at not in used]
    return not any(_LIMITS.fullmatch(word) for word in left_out)


def _is_verbatim(claim: str, text: str) -> bool:
    said = fold(claim).text.strip(' .“”"»«')
    return bool(said) and bool(
        re.search(rf"(?<!\w){re.escape(said)}(?![\w%]|[.,]\d)", fold(text).text)
    )
