"""What a text says can, may, must or will be done, and what it says cannot: verb by verb.

"Other cartridges can be used, but damage is not covered" denies nothing of their use. In English
and French.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rag.runs import nearest_run
from rag.terms import Term, terms
from rag.wording import words as word_set

REACH = 4  # words between a modal and its verb
_MODALS = word_set(
    "can may must shall should will would does do did is are was were has have had "
    "peut peuvent pourra doit doivent devra est sont sera seront a ont fut furent etait"
)
_DENIED = word_set("cannot don doesn didn isn aren wasn weren won hasn haven shouldn mustn couldn")
_NOT = word_set("not never t pas jamais plus")
# With one of these a denial is of something else than the verb alone.
_LIMITS = word_set(
    "unless except only than save until before que sauf hormis seulement moins avant jusqu longer "
    "necessarily without sans otherwise autrement"
)
_CONDITIONS = word_set("if si when where lorsque quand")
_BETWEEN = word_set("be been also then still always only etre ete y en aussi toujours s se")


def _limited(text: str) -> bool:
    return any(word.word in _CONDITIONS for word in terms(text))


@lru_cache(maxsize=512)
def _verbs(text: str) -> tuple[tuple[str, bool, Term], ...]:
    """The verbs behind modals and auxiliaries, and whether they are denied."""
    return tuple(_found(terms(text)))


def _found(words: Sequence[Term]) -> Iterator[tuple[str, bool, Term]]:
    for at, word in enumerate(words):
        if word.word not in _MODALS and word.word not in _DENIED:
            continue
        denied = word.word in _DENIED or any(
            each.word in ("ne", "n", "nobody", "none", "no", "nul", "aucun", "aucune")
            for each in words[max(0, at - 3) : at]
            if each.part == word.part
        )
        for each in words[at + 1 : at + 1 + REACH]:
            if each.part != word.part:
                break
            denied |= each.word in _NOT
            if not each.small and each.word not in _BETWEEN:
                yield each.key, denied, each
                break


def denied_of_verb(claim: str, passage: str) -> tuple[str, str] | None:
    """A verb that a claim affirms and its source denies, or the reverse: as both have it.

    None where the nearest words of the source say both of it.
    """
    run = nearest_run(claim, passage)
    if run is None:
        return None
    sentence = [word.word for word in terms(passage) if word.sentence == run.sentence]
    limits = [_LIMITS & set(words) for words in ([word.word for word in terms(claim)], sentence)]
    if limits[0] | limits[1] or _limited(claim) != _limited(" ".join(sentence)):
        return None
    there = [it for it in _verbs(passage) if it[2].sentence == run.sentence]
    claimed = {(key, denied) for key, denied, _ in _verbs(claim)}
    stated = {(key, denied) for key, denied, _ in there}
    for (key, denied), (_, _, term) in itertools.product(claimed, there):
        if key != term.key or (key, denied) in stated or (key, not denied) not in stated:
            continue
        if (key, not denied) in claimed or term.key not in run.keys:
            continue
        verb = term.word
        return (verb, f"not {verb}") if denied else (f"not {verb}", verb)
    return None
