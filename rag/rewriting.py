"""A follow-up as a question that stands alone, by rules: for a model that cannot rewrite.

Each question of a conversation is understood from the one before it, as that one was understood.
What names its own subject is left as it is: a rule that is not sure does nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.domain import Message
from rag.pronouns import pointed
from rag.questions import Question, Token, read, span_at
from rag.substitution import changed, mark, named_anew, phrase_swapped, timed_anew
from rag.wording import ENGLISH, Wording, folded, wording_of

LONGEST_FOLLOW_UP = 200  # characters; what is longer says what it is about
LONGEST_STANDALONE = 600
QUESTIONS_READ = 20  # the last ones of a conversation
FRAGMENT_WORDS = 6
SHORT_QUESTION = 8
NAMES_CARRIED = 3
_STEM = 5
_SUBJECTLESS = frozenset({"es", "it", "pt"})
_SWAP_TAIL = re.compile(
    r"^(?:and |so )?(?:what|how) (?:was|were|is|are) (?P<en>.+?)'s?[\s?]*$"
    r"|^(?:et )?(?:celui|celle|ceux|celles) (?:de|du|d'|des|pour) ?(?P<fr>.+?)[\s?]*$"
    r"|^(?:und )?(?:der|die|das) (?:von|bei) (?P<de>.+?)[\s?]*$"
    r"|^(?:¿? ?y )?(?:el|la|los|las) (?:de|en) (?P<es>.+?)[\s?]*$"
)
_ORDINALS = re.compile(
    r"\bthe (?:(?P<first>former|first)|(?P<last>latter|other|second))(?: one)?"
    r"(?=\s*(?:'s|\?|$)|\s+(?:is|are|was|were|has|have|had|does|do|did)\b)"
)
# The things are in the match or not, so that a run of capitals without any is passed over whole.
_OWNED_THINGS = re.compile(
    r"\b[A-Z0-9]\w*+(?: [A-Z]\w*+)*+(?P<things>['’]s (?:[a-z]+ ){0,2}[a-z]+s\b(?! of))?"
)
_THERE = frozenset({"there", "dort", "alli", "ahi"})
_TOLD = frozenset({"this", "that"})
_ONES = frozenset({"one", "ones"})


@dataclass(frozen=True, slots=True)
class _Said:
    """A question as understood; `base` is it without what was only added to it."""

    text: str
    base: str
    wording: Wording


def standalone(question: str, history: Sequence[Message]) -> str:
    """The question with what it leaves unsaid: the names and the period asked about before.

    A question that says all it needs comes back as it is.
    """
    asked = [message.content for message in history if message.role == "user"]
    said: _Said | None = None
    for earlier in asked[-QUESTIONS_READ:]:
        said = _understood(earlier.strip(), said)
    return _understood(question, said).text


def follows(question: str, before: str) -> str:
    """A question understood from the one before it, which stands alone."""
    return _understood(question, _Said(before, before, wording_of(before))).text


def _understood(text: str, before: _Said | None) -> _Said:
    if before is None:
        return _Said(text, text, wording_of(text))
    plain = _Said(text, text, wording_of(text, before.wording))
    if len(text) > LONGEST_FOLLOW_UP:
        return plain
    question = read(text, before.wording)
    if not question.tokens:
        return plain
    earlier = read(before.text, before.wording)
    found = _resolved(question, earlier, before) if earlier.tokens else None
    if found is None or len(found.text) > LONGEST_STANDALONE:
        return plain
    return found


def _resolved(question: Question, earlier: Question, before: _Said) -> _Said | None:
    """What a follow-up asks, None where the question stands alone."""
    wording = question.wording
    plain = folded(question.text)
    if wording.more.fullmatch(plain.strip(" ¿¡")):
        return before
    led = wording.leads.match(plain)
    rest = read(question.text[led.end() :], wording, begins=False) if led else question
    if not rest.tokens:
        return before
    tail = _SWAP_TAIL.match(folded(question.bare))
    if tail and earlier.names:
        swapped = _tail_swapped(question, tail, earlier)
        if swapped:
            return _whole(swapped, wording)
    shifted, said = _pointed_time(rest, earlier)
    if said and not read(rest.bare[: said.start()] + rest.bare[said.end() :], wording).content:
        return _whole(timed_anew(earlier, read(shifted).periods[0], read(shifted)), wording)
    if _is_fragment(rest, led is not None):
        return _completed(rest, earlier, before)
    found = _anaphoric(rest, earlier, before)
    if found is None and led and not rest.names and earlier.names:
        return _whole(_with_context(rest.bare, rest, earlier), wording)
    return found


def _whole(text: str, wording: Wording) -> _Said:
    return _Said(text, text, wording)


def _tail_swapped(question: Question, tail: re.Match[str], earlier: Question) -> str:
    """The question before, of another name: "And what was Pfizer's?"."""
    group = tail.lastgroup or "en"
    named = [
        name for name in question.names if folded(question.at(name)).strip() in folded(tail[group])
    ]
    return named_anew(earlier, question.at(named[0])) if named and not question.periods else ""


def _is_fragment(rest: Question, led: bool) -> bool:
    """Whether there is no sentence: a phrase, or a name, or a period, or the bare asking word."""
    first, wording = rest.tokens[0].key, rest.wording
    asks = first in wording.askers or (first in wording.prepositions and _second_asks(rest))
    if asks:
        if len(rest.tokens) == 3 and rest.tokens[1].key not in wording.function:
            return False
        verbs = any(token.key in wording.verbs | {"s"} for token in rest.tokens[1:])
        pronouns = any(token.key in wording.objects | wording.owners for token in rest.tokens)
        whole = verbs or pronouns or rest.names or _has_article(rest)
        return len(rest.tokens) <= 3 and not whole
    if not rest.content and (rest.names or rest.periods):
        return not any(
            token.key in wording.function - _glue(wording)
            for token in rest.tokens
            if _outside(token, rest)
        )
    if first in wording.verbs:
        return False
    if led:
        return not any(token.key in wording.verbs - wording.articles for token in rest.tokens)
    if len(rest.tokens) > FRAGMENT_WORDS or not rest.text.rstrip().endswith("?"):
        return False
    if any(token.key in wording.verbs for token in rest.tokens):
        return False
    return first in wording.prepositions | wording.articles


def _glue(wording: Wording) -> frozenset[str]:
    return wording.prepositions | wording.articles | wording.small


def _outside(token: Token, question: Question) -> bool:
    timed = [period.whole for period in question.periods]
    return not span_at(question.names, token.start) and not span_at(timed, token.start)


def _second_asks(rest: Question) -> bool:
    return len(rest.tokens) > 1 and rest.tokens[1].key in rest.wording.askers


def _has_article(rest: Question) -> bool:
    return any(token.key in rest.wording.articles for token in rest.tokens)


def _completed(rest: Question, earlier: Question, before: _Said) -> _Said:
    """What a fragment asks: the question before with other names or times, or of the same ones."""
    wording = rest.wording
    content = rest.content
    if not content and (rest.names or rest.periods):
        return _whole(changed(rest, earlier), wording)
    asks = any(token.key in wording.askers for token in rest.tokens[:2])
    phrase = rest.tokens[0].key in wording.prepositions and not asks
    if phrase and not rest.names:
        return _whole(phrase_swapped(rest, earlier), wording)
    if content and (earlier.names or rest.names):
        return _whole(_with_context(rest.bare, rest, earlier), wording)
    return _joined(rest, before)


def _lowered(text: str) -> str:
    """A question in the middle of a sentence."""
    return text[0].lower() + text[1:] if text[1:2].islower() else text


def _base(before: _Said) -> str:
    return before.base.strip().rstrip("?!. \u00a0")


def _anaphoric(question: Question, earlier: Question, before: _Said) -> _Said | None:
    """A sentence that leans on what came before; None for one that does not."""
    if question.names and not _time_pointer(question):
        return None
    pronoun = pointed(question)
    other = _ORDINALS.search(folded(question.text))
    if other and len(earlier.names) > 1:
        name = earlier.at(earlier.names[0 if other["first"] else -1])
        text = question.text[: other.start()] + name + question.text[other.end() :]
        return _whole(text, question.wording)
    if pronoun and not question.content:
        if question.periods:
            return _whole(timed_anew(earlier, question.periods[0], question), question.wording)
        return before if len(question.tokens) < 3 else _joined(question, before)
    if pronoun:
        return _resolved_pronoun(question, pronoun, earlier, before)
    if _time_pointer(question) and (earlier.periods or earlier.names):
        return _whole(_with_context(question.bare, question, earlier), question.wording)
    if _lacks_subject(question, earlier):
        return _whole(_with_context(question.bare, question, earlier), question.wording)
    return None


def _joined(question: Question, before: _Said) -> _Said:
    text = f"{_base(before)}, {question.wording.glue} {_lowered(question.bare)}{mark(before.text)}"
    return _Said(text, before.base, question.wording)


def _time_pointer(question: Question) -> re.Match[str] | None:
    wording, plain = question.wording, folded(question.text)
    if question.periods:
        return None
    return wording.same.search(plain) or wording.before.search(plain) or wording.after.search(plain)


def _resolved_pronoun(
    question: Question, pronoun: Token, earlier: Question, before: _Said
) -> _Said | None:
    """The pronoun's name in its place in English, after the question in other languages."""
    last = question.tokens[-1]
    told = last.key in _ONES or pronoun.key in _ONES or (pronoun is last and last.key in _TOLD)
    if earlier.names and not told:
        name = _subject(earlier, pronoun)
        if question.wording is not ENGLISH or pronoun.key in {"this", "that", "these", "those"}:
            return _whole(_with_context(question.bare, question, earlier), question.wording)
        owned = pronoun.key in ENGLISH.owners and not name.endswith("'s")
        text = question.text[: pronoun.start] + name + "'s" * owned + question.text[pronoun.end :]
        again = read(text, question.wording)
        return _whole(_with_context(again.bare, again, earlier), question.wording)
    return _joined(question, before)


def _subject(earlier: Question, pronoun: Token) -> str:
    """What a question is about: its name, both that it compares, or, for "they", what one has."""
    if pronoun.key in {"they", "them"}:
        for match in _OWNED_THINGS.finditer(earlier.text):
            if match["things"]:
                return match.group()
    return " and ".join(dict.fromkeys(earlier.at(span) for span in earlier.names[:2]))


def _lacks_subject(question: Question, earlier: Question) -> bool:
    """Whether a short question about a past or another time does not say of what.

    It has a time of its own and a word of the question before, or is about "the" something that
    "was", and the question before had both a name and a time.
    """
    wording = question.wording
    if question.names or not earlier.names or len(question.tokens) > SHORT_QUESTION:
        return False
    if question.tokens[0].key not in wording.askers | wording.verbs:
        return False
    stems = {token.key[:_STEM] for token in earlier.content}
    if question.tokens[-1].key in _THERE and question.tokens[-2].key not in wording.verbs:
        return True
    if question.periods:
        return any(token.key[:_STEM] in stems for token in question.content)
    keys = [token.key for token in question.tokens]
    kinds = any(
        first.key in wording.articles
        and second.key in wording.kinds
        and not question.text[second.end : second.end + 1].startswith(",")
        for first, second in itertools.pairwise(question.tokens)
    )
    return kinds or (wording.code in _SUBJECTLESS and keys[-1] in wording.verbs)


def _with_context(text: str, question: Question, earlier: Question) -> str:
    """A text with the names and the period of the question before, unless it has its own."""
    added: list[str] = []
    plain = folded(text)
    if not question.names:
        added += [earlier.at(span) for span in earlier.names[:NAMES_CARRIED]]
    period, said = _pointed_time(question, earlier)
    if said is not None:
        text = f"{text[: said.start()]}{text[said.end() :]}".strip() if period else text
        text = " ".join(text.split())
    if period:
        added.append(period)
    elif not question.periods and earlier.periods:
        added.append(earlier.at(earlier.periods[-1].core))
    added = [each for each in dict.fromkeys(added) if folded(each) not in plain]
    text = "¿" * question.text.lstrip().startswith("¿") + text[:1].upper() + text[1:]
    return (
        f"{text} ({', '.join(added)}){mark(question.text)}"
        if added
        else f"{text}{mark(question.text)}"
    )


def _pointed_time(question: Question, earlier: Question) -> tuple[str, re.Match[str] | None]:
    """The period that "that year" or "the year before" stands for, and where it is said."""
    wording, plain = question.wording, folded(question.bare)
    years = [earlier.at(period.core) for period in earlier.periods if period.year]
    if question.periods or not years:
        return "", None
    for pattern, step in ((wording.same, 0), (wording.before, -1), (wording.after, 1)):
        said = pattern.search(plain)
        if said:
            return _shifted(years[-1], step), said
    return "", None


def _shifted(period: str, years: int) -> str:
    return re.sub(r"(?:19|20)\d\d", lambda year: str(int(year.group()) + years), period)
