"""From the markers a model writes to citations of exact quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag.alignment import align
from rag.domain import Citation, Passage, Quote, Source, Span
from rag.sentences import split_sentences

_MARKER = re.compile(r"[ \t]*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_MAY_BECOME_MARKER = re.compile(r"[ \t]*(?:\[[\d,;\s]{0,40})?$")


class MarkerReader:
    """Reads markers out of a stream: those of no source are dropped, the rest are renumbered.

    Numbers in the text it returns count from 1 in the order of first mention, so that a reader
    never meets [7] first. Text that may still turn into a marker is held back.
    """

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self._known: dict[int, Source] = {}
        self._shown: dict[int, int] = {}
        self._held = ""

    def offer(self, sources: Sequence[Source]) -> None:
        """Make sources known to the stream under their numbers."""
        self._known |= {source.number: source for source in sources}

    def feed(self, text: str) -> str:
        """Take the next piece of the stream; return what can be shown of it."""
        text = self._held + text
        waiting = _MAY_BECOME_MARKER.search(text)
        cut = waiting.start() if waiting else len(text)
        self._held = text[cut:]
        return _MARKER.sub(self._renumber, text[:cut])

    def rest(self) -> str:
        """What was held back when the stream ended."""
        text, self._held = self._held, ""
        return _MARKER.sub(self._renumber, text)

    def _renumber(self, match: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", match.group(1))]
        known = list(dict.fromkeys(number for number in numbers if number in self._known))
        if not known:
            return ""
        space = match.group()[: match.group().index("[")]
        return space + "".join(f"[{self._show(number)}]" for number in known)

    def _show(self, number: int) -> int:
        shown = self._shown.setdefault(number, len(self._shown) + 1)
        self.sources[shown] = self._known[number]
        return shown


def cite(text: str, sources: Mapping[int, Source]) -> tuple[Citation, ...]:
    """The citations of a finished answer, in reading order.

    Args:
        text: the answer with the markers a `MarkerReader` returned.
        sources: its sources by the number shown.
    """
    sentences = split_sentences(text)
    citations = []
    for match in re.finditer(r"\[(\d{1,3})\]", text):
        source = sources.get(int(match.group(1)))
        if source is None:
            continue
        claim = _claim(text, sentences, match.start())
        quote = quote_for(without_markers(text[claim.start : claim.end]), source.passage)
        marker = Span(*match.span())
        citations.append(Citation(int(match.group(1)), marker, claim, quote))
    return tuple(citations)


def quote_for(claim: str, passage: Passage) -> Quote:
    """The part of a passage that says what a claim says, as an exact span of its page."""
    span = align(claim, passage.text)
    return Quote(
        passage.document,
        passage.page,
        passage.label,
        passage.start + span.start,
        passage.start + span.end,
        passage.text[span.start : span.end],
        passage.offset,
    )


def without_markers(text: str) -> str:
    """The text without its markers."""
    return _MARKER.sub("", text)


def _claim(text: str, sentences: Sequence[Span], marker: int) -> Span:
    """The sentence a marker stands in, or the one before where it stands in front of a sentence."""
    before: Span | None = None
    for sentence in sentences:
        if sentence.end > marker:
            own = without_markers(text[sentence.start : marker]).strip(" \t>-*•")
            if own or before is None:
                return sentence
            return before
        before = sentence
    return before or Span(0, len(text))
