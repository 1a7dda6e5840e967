"""What the plain numbers of a text count: "22 locks", "three of the five sites".

A number that stands in a passage is not said there of whatever a claim counts with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.amounts import amounts
from rag.derived import is_sum_of_named, speaks_of_rate
from rag.folding import flowing, unaccented
from rag.languages import Language, detect
from rag.limits import is_next
from rag.quantities import Quantity, same
from rag.terms import Term, terms
from rag.worked_out import is_worked_out

NEAR = 3  # words after a number among which is what it counts
MOST_NOUNS = 2
_ENDS = re.compile(r"[.;:,)(|\n]")
_SHARE = re.compile(r"\s+(?:in|sur|out of|von)\s+\d")  # "1 in 10 people"
_AMONG = re.compile(
    r"\s+(?:of (?:the|its|their|our)|des|de (?:ses|leurs|nos))\s+[\w-]+(?=\s)"
)  # "of the five"
_MADE = re.compile(
    r"\b(?:more|fewer|less|differ\w*|remain\w*|rest\w*|left|total|together|altogether|others?|times|"
    r"plus|moins|autres?|fois|ecart|ensemble)\b"
)
_LINKS = frozenset({"of", "the", "de", "d", "des", "other", "autres", "more", "less", "such"})
_LABEL = re.compile(
    r"(?:sections?|articles?|art\.|clauses?|paragraphs?|notes?|n[o°]\.?|versions?|v|chapters?|"
    r"chapitres?|alinéas?|tables?|figures?|pages?|items?|weeks?|semaines?|day|jour|phase|type|"
    r"class|classe|level|niveau|grade|stage|step|étape)\s*\(?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Count:
    """A number and the words after it, the first of which is likely what it counts."""

    number: Quantity
    things: tuple[str, ...]
    said: str


@lru_cache(maxsize=512)
def counts(text: str, language: Language | None) -> tuple[Count, ...]:
    """The numbers of a text without a unit, those that label something aside."""
    words = terms(text)
    found = []
    for each in amounts(text, language):
        start, end = each.span.start, each.span.end
        if _LABEL.search(text[max(0, start - 14) : start]) or _SHARE.match(text, end):
            continue
        found.append(Count(each, _things(words, text, end), flowing(text[start:end])))
    return tuple(found)


def _things(words: Sequence[Term], text: str, end: int) -> tuple[str, ...]:
    """What the telling words after a number are compared by, as far as the phrase goes."""
    found: list[str] = []
    among = _AMONG.match(text, end)
    at = among.end() if among else end
    after = [word for word in words if word.span.start >= at][: NEAR + MOST_NOUNS]
    for word in after:
        if _ENDS.search(text[at : word.span.start]) or word.word[0].isdigit():
            break
        if word.small and word.word not in _LINKS:
            break
        at = word.span.end
        if not word.small and not word.key[0].isdigit():
            found.append(word.key)
        if len(found) == MOST_NOUNS:
            break
    return tuple(found)


def miscounted(claim: str, passage: str) -> tuple[str, str] | None:
    """A number that the passage has otherwise for what the claim counts: (stated, claimed)."""
    language = detect(passage)
    stated = counts(passage, language)
    for wanted in counts(claim, detect(claim) or language):
        if wanted.number.kind or wanted.number.scaled or not wanted.things:
            continue
        own = [each for each in stated if same(wanted.number, each.number, loosely=True)]
        if _stands_there(wanted, claim, passage):
            continue
        if is_next(wanted.number, claim, passage):
            continue
        if any(_may_be_of(it, wanted) for it in own) or not (own or wanted.number.spelled):
            continue
        rivals = [
            each
            for each in stated
            if not each.number.kind
            and not each.number.scaled
            and each not in own
            and each.things[:1] == wanted.things[:1]
            and not _is_in(each.number, claim, language)
        ]
        said = unaccented(claim)
        made = _MADE.search(said) or speaks_of_rate(said)
        if rivals and not (
            (made and _is_worked_out(wanted.number, claim, passage))
            or is_sum_of_named(wanted.number, claim, passage)
        ):
            return rivals[0].said, wanted.said
    return None


def _stands_there(wanted: Count, claim: str, passage: str) -> bool:
    """Whether a passage has a number with the words after it as the claim has them."""
    said = unaccented(claim[wanted.number.span.start :]).split()[: 1 + MOST_NOUNS]
    return " ".join(said).strip(".,;:") in unaccented(flowing(passage))


def _may_be_of(stated: Count, wanted: Count) -> bool:
    """Whether a stated number may count what is wanted: nothing is said, or something alike."""
    if stated.number.kind:
        return False
    return not stated.things or bool(set(stated.things) & set(wanted.things))


def _is_worked_out(number: Quantity, claim: str, passage: str) -> bool:
    """Whether a number comes out of others that stand together."""
    return is_worked_out(number, claim, passage, amounts(passage, detect(passage)))


def _is_in(number: Quantity, text: str, language: Language | None) -> bool:
    return any(same(number, each, loosely=True) for each in amounts(text, detect(text) or language))
