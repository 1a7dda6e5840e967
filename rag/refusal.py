"""Recognising, in a stream, that a model says the documents hold no answer."""

from __future__ import annotations

import re

from rag.folding import unaccented

# A model that cannot answer from the sources says this and nothing else, so that a refusal looks
# the same whoever answers.
NOT_FOUND = "NOT_IN_THE_DOCUMENTS"
IN_WORDS = "the documents do not say"  # what it is replaced by in the middle of an answer

_WHOLE = re.compile(NOT_FOUND.replace("_", r"\\?_"))  # Markdown escapes an underscore
_DRESS = re.compile(r"[\s*_`\"'“”‘’>#]*+")

_TEXTS = (
    r"(?:sources?|documents?|documentation|passages?|excerpts?|contexts?|texts?|materials?|"
    r"extraits?|quellen?|dokumente?n?|unterlagen|auszugen?|fuentes?|documentos?|textos?)"
)
_SAYS = (
    r"(?:say|mention|contain|provide|include|specify|state|give|answer|address|hold|cover|"
    r"indicate|"
    r"discuss|describe|tell|disclose|report|refer|speak|list|name)"
)
_SAYS_ELSEWHERE = (
    r"(?:contien\w+|mentionn\w+|precis\w+|di(?:sen)?t|fourni\w+|indiqu\w+|permett\w+|donn\w+|"
    r"repond\w+|"
    r"evoqu\w+|comport\w+|parl\w+)"
)
_DECLINES = re.compile(
    rf"\b{_TEXTS}\b[^.!?]{{0,60}}?\b(?:(?:do|does|did) ?n[o']t|(?:do|does|did) not|never|cannot)\b"
    rf"[^.!?]{{0,20}}?{_SAYS}"
    rf"|\bno (?:information|mention|answer|evidence|data|details?|indication|passage|source)\b"
    rf"|\b(?:could|can|did) ?(?:not|n't) (?:find|locate|answer|determine)"
    rf"|\bnot (?:mentioned|found|stated|specified|available|given|provided|contained|included|"
    rf"covered|disclosed|addressed|answered)\b[^.!?]{{0,40}}\b{_TEXTS}"
    rf"|\bi (?:do not|don't) (?:know|have)"
    rf"|\b{_TEXTS}\b[^.!?]{{0,60}}?\bn[e'] ?{_SAYS_ELSEWHERE}[^.!?]{{0,20}}?"
    rf"\b(?:pas|rien|aucun\w*)\b"
    rf"|\baucune (?:information|mention|reponse|donnee|indication)|\bn'(?:est|a|ai) (?:pas|rien)\b"
    rf"[^.!?]{{0,20}}?(?:mentionn|precis|indiqu|trouv)"
    rf"|\b{_TEXTS}\b[^.!?]{{0,60}}?\b(?:keine?|nicht|nichts)\b|\bkeine (?:angaben?|information)"
    rf"|\b{_TEXTS}\b[^.!?]{{0,60}}?\bno (?:dice|menciona|contiene|indica|proporciona|especifica)"
    rf"|\bno (?:se (?:menciona|indica|encontr)|hay informacion|encuentr|encontr)"
)


def declines(text: str) -> bool:
    """Whether a text says, in words of its own, that the documents hold no answer.

    In English, French, German and Spanish.
    """
    return _DECLINES.search(unaccented(text).replace("’", "'")) is not None


def _beginning(pieces: list[str]) -> str:
    """A pattern for any beginning of the word, the empty one included."""
    pattern = ""
    for piece in reversed(pieces):
        pattern = rf"(?:\\?(?:_{pattern})?)?" if piece == "_" else f"(?:{piece}{pattern})?"
    return pattern


_BEGINNING = re.compile(rf"{_beginning(list(NOT_FOUND))}\Z")


class RefusalReader:
    """Takes the word for a refusal out of one reply of a model.

    `refused` is true once the reply began with it, whatever follows; `found` once it stood
    anywhere. Text that may still turn into it is held back.
    """

    def __init__(self) -> None:
        self.refused = False
        self.found = False
        self._begun = False
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next piece of the reply; return what can be shown of it."""
        text, self._held = self._held + text, ""
        if self.refused:
            return ""
        if not self._begun:
            dress = _DRESS.match(text)
            start = dress.end() if dress else 0
            if _WHOLE.match(text, start):
                self.refused = self.found = True
                return ""
            if _BEGINNING.match(text, start):
                self._held = text
                return ""
            self._begun = True
        text = self._in_words(text)
        waiting = _BEGINNING.search(text)
        cut = waiting.start() if waiting else len(text)
        self._held = text[cut:]
        return text[:cut]

    def rest(self) -> str:
        """What was held back when the reply ended."""
        text, self._held = self._held, ""
        return text

    def _in_words(self, text: str) -> str:
        shown, count = _WHOLE.subn(IN_WORDS, text)
        self.found = self.found or count > 0
        return shown
