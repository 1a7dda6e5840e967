"""A question with several parts as questions that stand alone, by rules.

Only what is surely two things is taken apart: two sentences that ask, two askings joined by "and",
and names or years that are listed. "Research and development" and "from 2020 to 2022" are one.
"""

from __future__ import annotations

import re

from rag.domain import Span
from rag.questions import Question, read
from rag.rewriting import follows
from rag.wording import GERMAN, LANGUAGES, folded

MOST_PARTS = 4
LONGEST_WHOLE = 600  # characters; what is longer is a text, not a question with parts
_LEAST_WORDS = 3
_ASKED_WITHIN = 6  # words from the asking word to its verb
_ASKED_SUBJECTS = frozenset({"who", "qui", "wer", "quien"})
_SENTENCE = re.compile(r"(?<=\?)\s+(?=\S)")
_JOINED = re.compile(
    r"(?:,\s*|\s+)(?:and|et|und|sowie|y|e|en)\s+(?=¿?(?P<asker>[^\W\d_]+))", re.IGNORECASE
)
_AND = {
    "en": r"and|or|vs\.?|versus|&",
    "fr": "et|ou",
    "de": "und|oder|sowie",
    "es": "y|e|o|u",
    "it": "e|ed|o",
    "pt": "e|ou",
    "nl": "en|of",
}
_AGAIN = r"(?:(?:in|for|of|by|de|von|bei|pour|para)\s+)?"
_COMMA = re.compile(r"\s*,\s*")
_ARTICLE = re.compile(r"(?:^|\s)(?:the|la|le|les|l'|der|die|das|el|los|las)\s*$", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s?(?=\s)")
_COMPARING = re.compile(
    r"^\s*(?:please\s+)?(?:compare[rz]?|vergleichen?(?: sie)?|comparar?|confronta|vergelijk)\s+",
    re.IGNORECASE,
)
_SIDES = re.compile(
    r"(?<!\w)(?:compar|vergleich|confront|vergelijk|differ|differen|diferenc|unterschied|verschil|vs\b|"
    r"versus|each\b|respectively|jeweils|chacun|cada\b|higher|larger|more than)"
)
_OWNED = re.compile(r"(?:^|\W)(?:of|for|by|at|de|d'|von|bei|pour|chez|para|di|van)\s*$")
_BETWEEN = re.compile(
    r"(?:\b(?:the |la |der |die |el )?(?:difference|différence|unterschied|diferencia)\s+)?"
    r"\b(?:between|entre|zwischen|tra|tussen)\s+$",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\b(?:between|from|entre|zwischen|desde|tra|tussen)\b|\b(?:de|du|von|van)\s+$")
_ENDS_IN_NUMBER = re.compile(r"\d[a-z]?$")
_YEAR = re.compile(r"(?<![\w-])(?:FY ?)?(?:19|20)\d\d(?![\w-])")


def parts(question: str) -> tuple[str, ...]:
    """The questions that a question consists of; none when it is in one piece."""
    text = " ".join(question.split())
    if not text or len(text) > LONGEST_WHOLE:
        return ()
    found = _sentences(text)
    found = [piece for each in found for piece in _askings(each)]
    resolved: list[str] = []
    for each in found:
        alone = follows(each, resolved[-1]) if resolved else each
        if resolved and alone.startswith(resolved[-1].rstrip("? ") + ", "):
            return ()  # its subject has no name that could be carried over
        resolved.append(alone)
    found = [piece for each in resolved for piece in _listed(each)]
    different = tuple(dict.fromkeys(found))
    return different if 1 < len(different) <= MOST_PARTS else ()


def _sentences(text: str) -> list[str]:
    """The sentences of a text when each of them asks."""
    pieces = [piece.strip() for piece in _SENTENCE.split(text)]
    return pieces if all(piece.endswith("?") and read(piece).tokens for piece in pieces) else [text]


def _askings(text: str) -> list[str]:
    """The questions of one sentence: "… and how many employees does it have?" is one of its own."""
    question = read(text)
    if not question.tokens or question.tokens[0].key not in _openers(question):
        return [text]
    for match in _JOINED.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        if _asks(right) and _is_whole(left, match["asker"]):
            mark = " ?" if text.endswith(" ?") else "?"
            return [left.rstrip(" ,") + mark, *_askings(_opened(right))]
    return [text]


def _openers(question: Question) -> frozenset[str]:
    wording = question.wording
    return wording.askers | wording.verbs | wording.small | wording.prepositions


def _opened(text: str) -> str:
    start = 1 if text.startswith("¿") else 0
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]


def _asks(text: str) -> bool:
    """Whether a text begins with an asking word that has a verb."""
    question = read(text)
    keys = [token.key for token in question.tokens]
    if len(keys) < _LEAST_WORDS or keys[0] not in question.wording.askers:
        return False
    verbs = any(key in question.wording.verbs for key in keys[1 : 2 + _ASKED_WITHIN])
    return verbs or keys[0] in _ASKED_SUBJECTS


def _is_whole(text: str, asker: str) -> bool:
    """Whether a text asks something of its own before the word of the next question."""
    keys = [token.key for token in read(text).tokens]
    if len(keys) < _LEAST_WORDS or folded(asker) in keys[1:]:
        return False
    return any(keys[0] in wording.askers | wording.verbs for wording in LANGUAGES)


def _listed(text: str) -> list[str]:
    """One question for each of the names, or of the years, that are listed."""
    question = read(text)
    years = [Span(*match.span()) for match in _YEAR.finditer(text)]
    for spans in (list(question.names), years):
        group = _group(text, spans)
        if len(group) > 1 and len(group) <= MOST_PARTS:
            return [_of_one(text, group, span) for span in group]
    return [text]


def _group(text: str, spans: list[Span]) -> list[Span]:
    """The first run of spans with nothing but commas and "and" between them.

    Names under one article ("the Securities and Exchange Commission") and the ends of a range are
    one thing, and so is a name that a comma explains ("Paris, Texas").
    """
    link = _AND[read(text).wording.code]
    listed = re.compile(rf"\s*(?:,\s*(?:{link})\s+|,\s*|\s(?:{link})\s+){_AGAIN}", re.IGNORECASE)
    for first in range(len(spans)):
        group = [spans[first]]
        for span in spans[first + 1 :]:
            if not listed.fullmatch(_POSSESSIVE.sub("", text[group[-1].end : span.start])):
                break
            group.append(span)
        if len(group) > 1 and _is_list(text, group):
            return group
    return []


def _is_list(text: str, group: list[Span]) -> bool:
    said = text[: group[0].start]
    named = [text[span.start : span.end].casefold() for span in group]
    years = all(_YEAR.fullmatch(text[span.start : span.end]) for span in group)
    last = text[group[-2].end : group[-1].start]
    if len(set(named)) < len(named) or _COMMA.fullmatch(last):
        return False
    if years:
        return not _RANGE.search(folded(said))
    if _ARTICLE.search(said):
        return False
    numbered = all(map(_ENDS_IN_NUMBER.search, named))
    owning = "'s" in folded(text[group[0].end : group[-1].end + 2])
    if numbered or owning or _SIDES.search(folded(text)):
        return True
    return bool(_OWNED.search(folded(said))) and (
        read(text).wording is not GERMAN or bool(read(text).periods)
    )


def _of_one(text: str, group: list[Span], one: Span) -> str:
    """The question of one of a group."""
    before = _COMPARING.sub("", _BETWEEN.sub("", text[: group[0].start]))
    after = text[group[-1].end :]
    asked = " ".join(f"{before}{text[one.start : one.end]}{after}".split())
    return _opened(asked)
