"""Recognising, in a stream, that a model says the documents hold no answer."""

from __future__ import annotations

import re

# A model that cannot answer from the sources says this and nothing else, so that a refusal looks
# the same whoever answers.
NOT_FOUND = "NOT_IN_THE_DOCUMENTS"
IN_WORDS = "the documents do not say"  # what it is replaced by in the middle of an answer

_WHOLE = re.compile(NOT_FOUND.replace("_", r"\\?_"))  # Markdown escapes an underscore
_DRESS = re.compile(r"[\s*_`\"'“”‘’>#]*+")


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
