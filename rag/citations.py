"""From the markers a model writes to citations of exact quotes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from rag.alignment import Nearest, align
from rag.domain import Citation, Passage, Quote, Source, Span, Verdict
from rag.markers import Marker, code_spans, find_markers, is_within, settled_markers
from rag.raised import FIGURES
from rag.sentences import split_sentences

_SHOWN = re.compile(r"\[([1-9]\d{0,2})\](?!\()")
_FIGURES = re.compile(r"\d+")
_RAISED = str.maketrans("0123456789", FIGURES)


class MarkerReader:
    """Reads markers out of a stream: those of no source are dropped, the rest are renumbered.

    Numbers in the text it returns count from 1 in the order of first mention, so that a reader
    never meets [7] first. Text that may still turn into a marker, or into code, is held back.
    Code is left as it is: `x[1]` cites nothing there. So are a range that begins at no source, the
    model's own interval, and superscripts that are none: those may be exponents.
    """

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self._known: dict[int, Source] = {}
        self._shown: dict[int, int] = {}
        self._text = ""  # from the beginning of the line, or of the block of code, it stands in
        self._returned = 0  # how much of that was returned

    def offer(self, sources: Sequence[Source]) -> None:
        """Make sources known to the stream under their numbers."""
        self._known |= {source.number: source for source in sources}

    def feed(self, text: str) -> str:
        """Take the next piece of the stream; return what can be shown of it."""
        self._text += text
        code = code_spans(self._text)
        return self._read(settled_markers(self._text, code), code)

    def rest(self) -> str:
        """What was held back when the stream ended."""
        return self._read(len(self._text), code_spans(self._text))

    def _read(self, end: int, code: Sequence[Span]) -> str:
        start, end = self._returned, max(self._returned, end)
        shown = _replace_markers(self._text, self._renumbered, Span(start, end), code)
        line = self._text.rfind("\n", 0, end) + 1
        kept = next((span.start for span in code if span.start <= line <= span.end), line)
        self._text, self._returned = self._text[kept:], end - kept
        return shown

    def _renumbered(self, marker: Marker) -> str | None:
        numbers = marker.numbers()
        if marker.raised and not self._known.keys() >= set(numbers):
            numbers = [int(figure) for figure in marker.inside if figure.isdigit()]
        if marker.raised and not self._known.keys() >= set(numbers):
            return None
        if marker.is_range and (not numbers or numbers[0] not in self._known):
            return None
        known = list(dict.fromkeys(number for number in numbers if number in self._known))
        if not known:
            return ""
        shown = "".join(f"[{self._show(number)}]" for number in known)
        return marker.space + shown + " " * marker.glued

    def _show(self, number: int) -> int:
        shown = self._shown.setdefault(number, len(self._shown) + 1)
        self.sources[shown] = self._known[number]
        return shown


def cite(
    text: str, sources: Mapping[int, Source], nearest: Nearest | None = None
) -> tuple[Citation, ...]:
    """The citations of a finished answer, in reading order.

    One whose words are nowhere in its source has the verdict `unsupported`, and the best guess for
    a quote.

    Args:
        text: the answer with the markers a `MarkerReader` returned.
        sources: its sources by the number shown.
        nearest: compares in meaning what shares few words; see `align`.
    """
    sentences = split_sentences(text)
    code = code_spans(text)
    citations = []
    quotes: dict[tuple[Span, int], tuple[Quote, Verdict | None]] = {}
    for match in _SHOWN.finditer(text):
        number = int(match[1])
        if number not in sources or is_within(match.start(), code):
            continue
        claim = _claim(text, sentences, match.start())
        if (claim, number) not in quotes:
            said = without_markers(text[claim.start : claim.end])
            quotes[claim, number] = quote_for(said, sources[number].passage, nearest)
        quote, verdict = quotes[claim, number]
        citations.append(Citation(number, Span(*match.span()), claim, quote, verdict))
    return tuple(citations)


def quote_for(
    claim: str, passage: Passage, nearest: Nearest | None = None
) -> tuple[Quote, Verdict | None]:
    """The part of a passage that says what a claim says, as an exact span of its page.

    The verdict is `unsupported` where no part says it, else none: nothing more was checked.
    """
    found = align(claim, passage.text, nearest)
    span = found.span
    quote = Quote(
        passage.document,
        passage.page,
        passage.label,
        passage.start + span.start,
        passage.start + span.end,
        passage.text[span.start : span.end],
        passage.offset,
    )
    return quote, None if found.found else Verdict.UNSUPPORTED


def without_markers(text: str) -> str:
    """The text without its markers; superscripts and ranges, which may be none, are kept."""
    return _replace_markers(
        text,
        lambda marker: None if marker.raised or marker.is_range else "",
        Span(0, len(text)),
        code_spans(text),
    )


def disarmed(text: str) -> str:
    """A document's text with its own `[3]` as `(3)`, so that nobody takes it for our marker.

    What stands raised stays so, in brackets: "note⁽¹²⁾".
    """
    return _replace_markers(text, _disarmed, Span(0, len(text)), code_spans(text))


def _disarmed(marker: Marker) -> str:
    if marker.raised:
        return f"⁽{marker.inside.translate(_RAISED)}⁾"
    inside = marker.inside.lstrip("^")
    if inside[0].isalpha():
        inside = _FIGURES.sub(r"(\g<0>)", inside)
    return f"{marker.space}({inside})"


def _replace_markers(
    text: str,
    replacement: Callable[[Marker], str | None],
    part: Span,
    code: Sequence[Span],
) -> str:
    """A part of a text with its markers replaced, those for which there is something."""
    pieces = []
    done = part.start
    for marker in find_markers(text, part, code):
        shown = replacement(marker)
        if shown is not None:
            pieces += [text[done : marker.span.start], shown]
            done = marker.span.end
    return "".join([*pieces, text[done : part.end]])


def _claim(text: str, sentences: Sequence[Span], marker: int) -> Span:
    """The sentence a marker stands in, or the one before where it follows that one's end."""
    at = bisect_right(sentences, marker, key=lambda sentence: sentence.end)
    before = sentences[at - 1] if at else None
    if at == len(sentences):
        return before or Span(0, len(text))
    sentence = sentences[at]
    if before is None or _words_of(text[sentence.start : marker]):
        return sentence
    begins_a_line = "\n" in text[before.end : sentence.start]
    if begins_a_line and _words_of(text[sentence.start : sentence.end]):
        return sentence
    return before


def _words_of(text: str) -> str:
    return without_markers(text).strip(" \t>-*•")
