"""Pronouns that point out of a question, to what was asked before."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rag.questions import Question, Token
from rag.wording import words

_OWN_DOCUMENT = words(
    "document file report text paper page table book manual library rapport fichier dokument "
    "datei bericht documento informe archivo texte section contract agreement policy contrat "
    "vertrag contrato"
)
_CLAUSES = words("if when after before because while although unless wenn falls si cuando quand")
_PURPOSE = frozenset({"take", "takes", "cost", "costs", "mean", "means", "need"})
_CONJUNCTIONS = frozenset({"when", "if", "that", "how", "whether", "who", "where", "why"})
_SUBJECT_ASKERS = frozenset({"who", "what", "qui", "wer", "quien", "chi", "quem", "wie"})
_POINTING_ADVERBS = frozenset({"dafur", "davon", "damit", "daran", "darin", "dazu"})


def pointed(question: Question) -> Token | None:
    """The pronoun that points out of the question, None where it points to nothing or inside."""
    wording = question.wording
    content = 0
    for position, token in enumerate(question.tokens):
        after = question.tokens[position + 1 :]
        if position and token.key in _CLAUSES:
            return None
        if _is_pronoun(token, position, question) and not _is_empty(token, after, question):
            return token if _is_outside(token, position, content, question) else None
        if position and token.key == "that":
            return None
        if "," in question.text[token.end : after[0].start if after else token.end]:
            return None
        if token.key not in wording.function:
            content += 1
    return None


def _is_outside(token: Token, position: int, content: int, question: Question) -> bool:
    """Whether too little is said before a pronoun for it to stand for some of that."""
    wording, first = question.wording, question.tokens[0].key
    if token.key in _POINTING_ADVERBS:
        return "," not in question.text[token.end :]
    if token.key in wording.owners | {"this", "these", "those"}:
        return content == 0 or (content == 1 and first in _SUBJECT_ASKERS and token.key != "their")
    subject = _is_hung(token, question) or question.tokens[position - 1].key in wording.verbs
    if subject and wording.code == "fr" and _has_subject(question.tokens[: position - 1], question):
        return False
    return content <= (2 if subject and token.key in wording.subjects else 1)


def _is_pronoun(token: Token, position: int, question: Question) -> bool:
    wording, tokens = question.wording, question.tokens
    key = token.key
    following = tokens[position + 1].key if position + 1 < len(tokens) else ""
    if key in {"this", "that", "these", "those"}:
        ends = not following or following in wording.verbs | wording.prepositions
        points = position > 0 and tokens[position - 1].key in wording.verbs | wording.prepositions
        noun = bool(following) and following not in wording.function | _OWN_DOCUMENT
        last = not following and position > 0
        return (
            last
            or (ends and key != "that")
            or (ends and points)
            or (noun and key != "that" and points)
        )
    if key in {"one", "ones"}:
        return position > 0 and tokens[position - 1].key in {"which", "that", "this"}
    if key == "das" and wording.code == "de":
        return bool(position) and position == len(tokens) - 2 and tokens[-1].text.islower()
    if token.text == "Sie" and wording.code == "de":
        return False
    if key in wording.owners:
        return bool(following) and (wording.code != "de" or following not in wording.function)
    if key in wording.articles or (key in wording.small and key not in wording.subjects):
        return False
    if key in wording.subjects:
        near = position > 0 and tokens[position - 1].key in wording.verbs | wording.askers
        return near or _is_hung(token, question) or key in wording.objects
    return key in wording.objects and position > 0


def _is_empty(token: Token, after: Sequence[Token], question: Question) -> bool:
    """Whether the pronoun only fills a place: "is it legal to", "il faut", "gibt es"."""
    keys = [each.key for each in after]
    code = question.wording.code
    if token.key == "it":
        before = {each.key for each in question.tokens if each.end < token.start}
        purpose = "to" in keys and (keys[0] in _PURPOSE or bool({"is", "was"} & before))
        return purpose or bool(_CONJUNCTIONS.intersection(keys))
    if code == "fr" and token.key in {"il", "c", "y"}:
        return token.key != "il" or any(key in {"faut", "y", "possible"} for key in keys[:2])
    if code == "de" and token.key == "es":
        position = question.tokens.index(token)
        given = {question.tokens[position - 1].key} if position else set()
        return bool({"gibt", "gab"} & (given | set(keys[:2]))) or "," in question.text
    return code == "es" and token.key in {"el"}


def _is_hung(token: Token, question: Question) -> bool:
    """Whether a pronoun hangs on its verb: "réduit-elle"."""
    return question.text[: token.start].endswith("-")


def _has_subject(tokens: Sequence[Token], question: Question) -> bool:
    """Whether a noun with its article comes before: "la banque a-t-elle refusé"."""
    wording = question.wording
    return any(
        first.key in wording.articles and second.key not in wording.function
        for first, second in itertools.pairwise(tokens)
    )
