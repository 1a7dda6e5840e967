"""Who did what to whom: names and roles that a claim has exchanged.

"The minister, with the approval of the board" and "the board, with the approval of the minister"
have every word in common.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from rag.polarity import opposed
from rag.runs import nearest_run
from rag.terms import Term, terms
from rag.wording import words as word_set

_BY = frozenset({"by", "par"})
_AT = word_set("in at within dans a en")
_PASSIVE = word_set("is are was were been be est sont fut furent ete")
# What makes the cause the subject, or the effect: "explains", "because of".
_CAUSE = re.compile(
    r"(?:expl[ai]+[nq]\w*|caus(?:e|es|ed|ing|ent|ait|erent)|made|led|drove|drive|because|due|owing|"
    r"thanks|raison|cause|grace|suite|entrain\w+|provoqu\w+|help\w*|benefit\w*)$"
)
_BEFORE = word_set(
    "in on at to for with under during after upon by from of dans sur en a au aux par pour avec "
    "sous pendant apres chez de du des d if when where once si quand lorsque"
)
_RELATIVE = word_set("who which that whose qui que dont lequel")
_SUBJECT = 2  # telling words of a claim, or of a part of a sentence, among which its subject is
_TIME = re.compile(r"=(?:year|month|week|day|hour|quarter|fiscal|first|second)|\d+$")


def exchanged(claim: str, passage: str) -> tuple[str, str] | None:
    """Two words that a claim has in each other's place, around one that both have: as it has them.

    None where the voice is another ("bought by"), or where opposites turn it round.
    """
    run = nearest_run(claim, passage)
    if run is None:
        return None
    sentence = [word for word in terms(passage) if word.sentence == run.sentence]
    mine, theirs = _once(terms(claim)), _once(sentence)
    shared = [key for key in mine if key in theirs]
    evidence = passage[sentence[0].span.start : sentence[-1].span.end]
    if len(shared) < 3 or opposed(claim, evidence):
        return None
    if any(_CAUSE.match(word.word) for word in (*terms(claim), *sentence)):
        return None
    subjects = _subjects(terms(claim))
    for one, between, other in itertools.combinations(shared, 3):
        if one not in subjects or not _is_somebody(one, other):
            continue
        if any(word.word in _BEFORE for word in terms(claim)[: mine[one][0]]):
            continue
        if not theirs[other][0] < theirs[between][0] < theirs[one][0]:
            continue
        begins = [word for word in sentence if word.part == theirs[other][1].part]
        if other in _subjects(begins) and _is_alike(
            mine, theirs, (one, between, other), (terms(claim), sentence)
        ):
            return mine[one][1].word, mine[other][1].word
    return None


def _subjects(words: Sequence[Term]) -> list[str]:
    return [word.key for word in words if not word.small][:_SUBJECT]


def _is_alike(
    mine: dict[str, tuple[int, Term]],
    theirs: dict[str, tuple[int, Term]],
    words: tuple[str, str, str],
    texts: tuple[Sequence[Term], Sequence[Term]],
) -> bool:
    """Whether both are active or both passive, and neither goes on about one of the two."""
    one, _, other = words
    claim, sentence = texts
    said = {word.word for word in claim[mine[one][0] : mine[other][0]]}
    shown = {word.word for word in sentence[theirs[other][0] : theirs[one][0]]}
    if (said | shown) & (_RELATIVE | {"se"}) or "s" in said | shown:
        return False
    if sentence[theirs[one][0] - 1].word in _AT and _PASSIVE & shown and not _PASSIVE & said:
        return False  # "epidemics were recorded in Brenn": it recorded them
    return bool(_BY & said) == bool(_BY & shown)


def _once(words: Sequence[Term]) -> dict[str, tuple[int, Term]]:
    """The telling words that stand once, and where."""
    found: dict[str, tuple[int, Term]] = {}
    twice = set()
    for at, word in enumerate(words):
        if not word.small:
            twice |= {word.key} & found.keys()
            found.setdefault(word.key, (at, word))
    return {key: place for key, place in found.items() if key not in twice}


def _is_somebody(one: str, other: str) -> bool:
    """Whether neither of two words is a time or a figure."""
    return not _TIME.match(one) and not _TIME.match(other)
