"""What of a model's text is its answer: no thinking aloud, and no characters that nothing keeps."""

from __future__ import annotations

from collections.abc import Callable

# How Magistral and other open models mark their thoughts where a server leaves them in the text.
_THOUGHTS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"))
_NEITHER_SHOWN_NOR_STORED = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


class Spoken:
    """Reads the pieces of one turn; thoughts are told apart only where the turn begins with them.

    An answer may quote the marks themselves, so that later ones are text.
    """

    def __init__(self) -> None:
        self._held = ""
        self._half = ""
        self._closing = ""
        self._read: Callable[[], str] = self._beginning

    def feed(self, text: str) -> str:
        """What of a piece can be shown by now."""
        self._held += self._storable(text)
        return self._read()

    def rest(self) -> str:
        """What was held back and turned out to be text; a thought without an end is none."""
        held = "" if self._read == self._thoughts else self._taken()
        return held + "\ufffd" * len(self._half)

    def _beginning(self) -> str:
        begun = self._held.lstrip()
        for opening, closing in _THOUGHTS:
            if begun.startswith(opening):
                self._held, self._closing = begun[len(opening) :], closing
                self._read = self._thoughts
                return self._thoughts()
        if any(opening.startswith(begun) for opening, _ in _THOUGHTS):
            return ""
        self._read = self._taken
        return self._taken()

    def _thoughts(self) -> str:
        closing = self._closing
        _, mark, said = self._held.partition(closing)
        if not mark:
            self._held = self._held[-len(closing) :]  # of the thought itself nothing is needed
            return ""
        self._held, self._read = said, self._gap
        return self._gap()

    def _gap(self) -> str:
        """The blanks between the thoughts and the answer."""
        self._held = self._held.lstrip()
        if self._held:
            self._read = self._taken
        return self._taken()

    def _taken(self) -> str:
        text, self._held = self._held, ""
        return text

    def _storable(self, text: str) -> str:
        """The text with halves of a character joined, replaced where alone, and no controls."""
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return storable(text)


def storable(text: str) -> str:
    """A text that a database keeps and a page shows, with `\ufffd` for half a character."""
    text = text.translate(_NEITHER_SHOWN_NOR_STORED)
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
