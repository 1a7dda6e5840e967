"""Of whom a claim says what its source says of somebody else.

"The keeper may inspect the hives" has every word of a passage in which the office inspects and the
keeper reports. In English and French.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.runs import weights
from rag.terms import Term, terms
from rag.units import UNITS
from rag.wording import words as word_set
from rag.worked_out import has_worked_out

SAID = 0.6  # share of what a claim says, by what its words tell, that one clause must have
OWN = 2  # telling words of a part that says something by itself, its subject among them
TOO = 0.5  # of what that clause has, that the one with the subject may have besides
FEWEST_SAID = 2  # telling words
MOST_SUBJECT = 5  # telling words of a subject
OFTEN = 4  # times that what a passage is about stands in it
HEADING = 6  # telling words with which it begins
_VERBS = word_set(
    "is are was were be has have had may might must shall should can cannot will would could does "
    "do did means costs takes lasts makes became becomes "
    "est sont etait etaient fut furent sera seront a ont avait peut peuvent doit doivent pourra "
    "devra ne n se s affecte concerne coute couvre commence comprend consiste contient convient "
    "depend dure emploie entraine fixe informe mesure paie permet porte possede prevoit produit "
    "prend reste recoit releve represente sert supporte tient touche vaut verse"
)
_ARTICLES = word_set("the a an its their his her le la les l un une des du son sa ses leur leurs")
_LINKS = word_set(
    "of in on at for from to with by and or de d du des a au aux en dans sur par pour avec et ou"
)
_ADJUNCTS = word_set(
    "in on at for from to with by after before during under until since if when where unless once "
    "while without of as en au aux dans sur par pour avec apres avant pendant sous depuis si "
    "quand lorsque sans selon chez"
)
_REFERENCES = word_set("subsection section article paragraph paragraphe clause alinea provision")
_PRONOUNS = word_set(
    "it they he she we you this that these those which who there il elle ils elles on nous vous "
    "ce cela ceux celle celui qui"
)
_CLEFT = re.compile(r"^(?:it (?:is|was)|c est|ce (?:sont|fut)|c etait)$")
_OPENING = word_set("the le la les l and et while whereas")
_WHO = word_set("who that which qui")
_CLAUSE = re.compile(r"[;:]\s|\.\s")
_GENERAL = re.compile(
    r"=(?:use|need|maximum|minimum|give|get|show|everyone|approximately|also|person|number|"
    r"percent|average|half|double|triple|total)|\d+(?:[.,]\d+)*$"
)


@dataclass(frozen=True, slots=True)
class _Clause:
    """What stands between two full stops or semicolons."""

    words: tuple[Term, ...]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(word.key for word in self.words if not word.small)


def said_of_another(claim: str, passage: str) -> tuple[str, str] | None:
    """Of what a passage says something, and of what a claim says it instead; else None.

    None where what the claim speaks of is what all of the passage is about, or stands beside what
    is said of it, or nowhere.
    """
    subject, rest = _split(terms(claim))
    said = {word.key for word in rest if not word.small and word.word not in UNITS}
    if not subject or len(said) < FEWEST_SAID or has_worked_out(claim, passage):
        return None
    clause = _nearest(passage, said)
    if clause is None:
        return None
    later = _of_later(clause, subject, said, passage)
    if later:
        return later
    there = terms(passage)
    often = Counter(word.key for word in there)
    heading = {word.key for word in [word for word in there if not word.small][:HEADING]}
    away = [
        word
        for word in subject
        if word.key not in clause.keys
        and 0 < often[word.key] < OFTEN
        and word.key not in heading
        and (not _GENERAL.match(word.key) or _is_number_of(word, subject))
    ]
    own = _split(clause.words)[0] or [word for word in clause.words if not word.small][:2]
    wanted = {word.key for word in subject}
    if not away or not {word.key for word in own} - wanted:
        return None
    if any(word.word in _PRONOUNS for word in clause.words[:3]):
        return None
    if any(word.word.rstrip("s") in _REFERENCES for word in own):
        return None
    if any(_is_said_too(each, away[0].key, said, clause, passage) for each in _clauses(passage)):
        return None
    named = [word.word for word in own if not word.word.isdigit()]
    return " ".join(named or [own[0].word]), away[0].word


def _of_later(
    clause: _Clause, subject: Sequence[Term], said: set[str], passage: str
) -> tuple[str, str] | None:
    """What one part of a clause says, where the subject stands only in a later one, with its own.

    "The green lamp lights when the filter is due, the orange one when oil is low."
    """
    weigh = weights(passage)
    parts = [list(part) for _, part in itertools.groupby(clause.words, key=lambda word: word.part)]
    keys = [{word.key for word in part if not word.small} for part in parts]
    total = math.fsum(weigh.get(key, 1.0) for key in said)
    for word in subject:
        at = next((n for n, part in enumerate(keys) if word.key in part), 0)
        before = set().union(*keys[:at]) if at else set()
        if not at or math.fsum(weigh[key] for key in said & before) < SAID * total:
            continue
        own = [each for each in parts[at] if not each.small]
        begins = [each.word for each in parts[at] if each.span.start < own[0].span.start]
        opens = own[0].key == word.key and set(begins) & _OPENING and not said & keys[at] - before
        if not opens or sum(each.key not in said for each in own) < OWN:
            continue
        first = next(each for part in parts for each in part if not each.small)
        if first.key not in {each.key for each in subject}:
            return first.word, word.word
    return None


def _is_said_too(
    other: _Clause, subject: str, said: set[str], clause: _Clause, passage: str
) -> bool:
    """Whether another clause says much of it of the subject, or is of it and has no other word."""
    weigh = weights(passage)
    theirs = math.fsum(weigh[key] for key in said & other.keys)
    return subject in other.keys and theirs >= TOO * math.fsum(
        weigh[key] for key in said & clause.keys
    )


def _is_number_of(word: Term, subject: Sequence[Term]) -> bool:
    """Whether a figure goes with the word right before it: "status 503"."""
    return word.key[0].isdigit() and any(it.span.end + 1 == word.span.start for it in subject)


def _split(words: Sequence[Term]) -> tuple[list[Term], list[Term]]:
    """The telling words before the verb, and all that come after; none where no verb is known."""
    begins = _after_adjunct(words)
    if len(words) > 3 and _CLEFT.match(f"{words[0].word} {words[1].word}"):
        begins = 2
    for at in range(begins, len(words)):
        if _is_verb(words, at, begins) or (begins and words[at].word in _WHO):
            subject = _head(words[begins:at])
            if 0 < len(subject) <= MOST_SUBJECT:
                return subject, list(words[at:])
            if subject:
                return [], []
    return [], []


def _after_adjunct(words: Sequence[Term]) -> int:
    """Where a clause begins after what is said first of when, where or under what condition."""
    if not words or words[0].word not in _ADJUNCTS:
        return 0
    part = words[0].part
    return next((at for at, word in enumerate(words) if word.part != part), len(words))


def _head(words: Sequence[Term]) -> list[Term]:
    """The telling words of a subject before what "of" or another preposition hangs on to them."""
    found: list[Term] = []
    for word in words:
        if word.small and found and word.word in _LINKS:
            break
        if not word.small:
            found.append(word)
    return found


def _is_verb(words: Sequence[Term], at: int, begins: int) -> bool:
    """Whether a word is a verb that is known, or stands between a noun and an article."""
    word = words[at]
    if word.word in _VERBS:
        return True
    if word.small or at <= begins + 1 or at + 1 >= len(words):
        return False
    before, after = words[at - 1], words[at + 1]
    return not before.small and after.word in _ARTICLES and before.part == word.part == after.part


@lru_cache(maxsize=128)
def _clauses(passage: str) -> tuple[_Clause, ...]:
    found = []
    for _, sentence in itertools.groupby(terms(passage), key=lambda word: word.sentence):
        clause: list[Term] = []
        for word in sentence:
            if clause and _CLAUSE.search(passage, clause[-1].span.end, word.span.start):
                found.append(_Clause(tuple(clause)))
                clause = []
            clause.append(word)
        found.append(_Clause(tuple(clause)))
    return tuple(found)


def _nearest(passage: str, said: set[str]) -> _Clause | None:
    """The clause that has most of some words, if it has enough of them."""
    weigh = weights(passage)
    total = math.fsum(weigh.get(key, 1.0) for key in said)
    best = max(
        _clauses(passage),
        key=lambda clause: math.fsum(weigh[key] for key in said & clause.keys),
        default=None,
    )
    if best is None or math.fsum(weigh[key] for key in said & best.keys) < SAID * total:
        return None
    return best
