"""Whether a claim affirms what its source denies, or denies what it affirms.

A denial is compared word by word: "no longer supported" denies "supported" and nothing else, so
that what a claim leaves out may hold any number of them. In English, French and German.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.folding import unaccented
from rag.runs import nearest_run
from rag.terms import Term, terms
from rag.wording import words as word_set

SCOPE, REACH = 2, 7  # telling words that a denial is of, among so many that follow
_NOT = word_set(
    "no not never none neither nor nobody nothing cannot without unable don doesn didn isn aren "
    "wasn weren won hasn haven shouldn mustn couldn wouldn non pas jamais aucun aucune aucuns "
    "aucunes rien guere ni sans nul nulle "
    "nicht nie niemals keinesfalls keine keinen keinem keiner keines kein weder ohne"
)
# In German the denial of a verb stands behind it: "Öffnen Sie den Deckel nicht."
_BEHIND = frozenset({"nicht", "nie", "niemals", "keinesfalls"})
_LACKING = frozenset({"without", "sans", "non", "ohne"})
_FRENCH = word_set("pas jamais aucun aucune rien plus guere ni personne nul nulle point")
_VERB = re.compile(
    r"(?:avoid|prohibit|forbid|forbad|refus(?!al)|contraindic|exempt|ceas|interdi|evit|dispens|"
    r"exclud|exclu[st]?$|lack|fail(?:s|ed)?$|ban(?:s|ned)$|renonc|waiv)"
)
_BOUND = re.compile(
    r"(?:more|less|fewer|later|earlier|exceed\w*|below|above|over|under|beyond|only|just|moins|"
    r"depass\w*|exced\w*|avant|before|until|seulement|uniquement|necessarily|"
    r"nur|weniger|langer|hoher|spater|fruher|notwendigerweise|unbedingt)$"
)
_THAN = re.compile(
    r"\b(?:(?:more|less|fewer|longer|later|earlier|older|younger) than|(?:plus|moins) (?:de|d))"
    r" (?:\d|deux|trois|quatre|cinq|six|two|three|four|five|six|ten|dix|un|une|an?)\b"
)
# What says no in other words, so that one text may deny where the other only has these.
_NEGATIVE = re.compile(
    r"\b(?:unless|except\w*|save|other|only|solely|refrain\w*|los(?:e|es|t)|otherwise|different\w*|equal\w*|"
    r"alike|identical\w*|similar\w*|unaffected|spared|alternate\w*|unchanged|reduc\w*|less|fewer|"
    r"stop\w*|stay\w*|remain\w*|low\w*|mere\w*|"
    r"un(?!der|ion|it|til|iver|iqu|iform|e\b|less)[a-z]{4,}|in(?:valid|compat|complet|suffi|effect|"
    r"activ|eligib|accur|exist|util|dispon|connu)\w*|im(?:poss|prop)\w*|non\w*|mis\w+|"
    r"dis(?:abl|agre|continu|miss|allow|qualif)\w*|des?(?:activ|accord)\w*|"
    r"sauf|hormis|seulement|uniquement|proscri\w*|perd\w*|excep\w*|autres?|autant|egale\w*|epargn\w*|identique|inchang\w*|stable|moins|reste\w*|faute|"
    r"verb(?:ot|iet)\w*|untersag\w*|ausgeschlossen\w*|ausser\w*|nur|entfall\w*|verzicht\w*|vermeid\w*|fehl\w*|"
    r"mindestens|hochstens|sonst|ander\w*|unverandert\w*)\b"
)
_MEASURE = re.compile(r"=(?:year|month|week|day|hour)$")

_NONE_MORE = re.compile(
    r"\b(?:no|none|nobody|nothing|aucune?|nul|personne)\b.*\b(?:more|less|fewer|better|worse|"
    r"(?:larg|bigg|high|low|small|old|young|long|short|great|strong|weak|fast|deep|rich|tall)\w*er|"
    r"plus|moins)\b"
)
_MOST = re.compile(
    r"\b(?:most|least|fewest|best|worst|leading|le plus|la plus|les plus|le moins|la moins|"
    r"(?:larg|bigg|high|low|small|old|young|long|short|great|strong|weak|fast|deep|rich|tall)\w*est)\b"
)


@dataclass(frozen=True, slots=True)
class Denial:
    """A denial: the words that make it, what is denied, and the first word of that."""

    at: int
    said: str
    of: frozenset[str]
    first: str = ""


@lru_cache(maxsize=512)
def denials_in(text: str) -> tuple[Denial, ...]:
    """The denials of a text; what only bounds a figure ("no more than") is none."""
    words = terms(text)
    found: list[Denial] = []
    skip = -1
    for at in range(len(words)):
        if at <= skip:
            continue
        denial, skip = _denial(words, at)
        if denial:
            found.append(denial)
    return tuple(found)


def _denial(words: Sequence[Term], at: int) -> tuple[Denial | None, int]:
    """The denial that begins at a word, if one does, and the last word that makes it."""
    word = words[at]
    following = [each for each in words[at + 1 : at + 1 + REACH] if each.sentence == word.sentence]
    if word.word in ("ne", "n"):
        if any(each.word in ("que", "qu") for each in following[:4]):
            return None, at  # "ne … que" is "only"
        closing = next((n for n, each in enumerate(following) if each.word in _FRENCH), -1)
        skip = at + 1 + closing
        if any(_VERB.match(each.word) for each in following[:2] if not each.small):
            return None, skip  # "n'exclut pas" affirms
        if _bounds(following) or (
            closing >= 0 and following[closing].word == "plus" and _is_bound(following, closing)
        ):
            return None, skip
        return Denial(word.span.start, word.word, _of(following), _first(following)), skip
    if word.word in _NOT:
        if _bounds(following) or _is_longer_than(following):
            return None, at
        denied = _of(following, 1 if word.word in _LACKING else SCOPE)
        if word.word in _BEHIND:
            denied |= _of(
                [each for each in words[max(0, at - REACH) : at] if each.sentence == word.sentence][
                    ::-1
                ]
            )
        return Denial(word.span.start, word.word, denied, _first(following)), at
    if not word.small and _VERB.match(word.word) and following:
        before = [each for each in words[max(0, at - 5) : at] if each.sentence == word.sentence]
        near = [each.key for each in before if not each.small][-2:]
        return Denial(word.span.start, word.word, _of(following) | frozenset(near)), at
    return None, at


def _bounds(following: Sequence[Term]) -> bool:
    """Whether a denial is of what bounds a figure: "not more than", "not be employed for more"."""
    telling = [each.word for each in following if not each.small or _BOUND.match(each.word)]
    if any(_BOUND.match(word) for word in telling[:2]):
        return True
    return bool(_THAN.search(" ".join(each.word for each in following)))


def _is_bound(following: Sequence[Term], at: int) -> bool:
    """Whether "plus" compares: "pas plus de"."""
    return at + 1 < len(following) and following[at + 1].word in ("de", "d")


def _is_longer_than(following: Sequence[Term]) -> bool:
    """Whether "no longer" and its like compare: "no longer than"."""
    return any(
        one.word.endswith("er") and two.word == "than" for one, two in itertools.pairwise(following)
    )


def _of(following: Sequence[Term], most: int = SCOPE) -> frozenset[str]:
    """What a denial before these words is of."""
    told = [
        each.key
        for each in following
        if not each.small and not each.key[0].isdigit() and not _MEASURE.match(each.key)
    ]
    return frozenset(told[:most])


def _first(following: Sequence[Term]) -> str:
    """The first telling word behind a denial."""
    return next((each.key for each in following if not each.small), "")


def denied_otherwise(claim: str, passage: str) -> tuple[str, str] | None:
    """What a passage denies and a claim affirms, or the reverse: the words of both; else None."""
    run = nearest_run(claim, passage)
    if run is None:
        return None
    span = run.span
    mine = denials_in(claim)
    theirs = [each for each in denials_in(passage) if span.start <= each.at < span.end]
    said = {word.key for word in terms(claim)}
    if len(mine) == 1 and mine[0].first in run.keys:
        theirs = [each for each in theirs if each.of & said or not each.of]
    if (len(mine) - len(theirs)) % 2 == 0:
        return None
    near = passage[span.start : span.end]
    text = unaccented(claim if len(theirs) > len(mine) else near)
    if _NEGATIVE.search(text) or (not theirs and _is_superlative(claim, near)):
        return None
    if len(theirs) > len(mine):
        denied = frozenset().union(*(each.of for each in mine)) if mine else frozenset()
        for each in theirs:
            if (each.of - denied) & said:
                return each.said, ""
    else:
        denied = frozenset().union(*(each.of for each in theirs)) if theirs else frozenset()
        for each in mine:
            if (each.of - denied) & run.keys:
                return "", each.said
    return None


def _is_superlative(claim: str, text: str) -> bool:
    """Whether a claim denies that anything is more, and a text says that something is most."""
    return bool(_NONE_MORE.search(unaccented(claim)) and _MOST.search(unaccented(text)))


def denies_otherwise(claim: str, text: str) -> bool:
    """Whether one of two texts has an odd number of denials and the other has not."""
    return bool((len(denials_in(claim)) - len(denials_in(text))) % 2)
