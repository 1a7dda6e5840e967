"""From the markers a model writes to citations of exact quotes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from rag.alignment import Nearest, align
from rag.domain import Citation, Passage, Quote, Source, Span, Verdict
from rag.sentences import split_sentences

# Every repetition is bounded, so that what is held back of a stream is too. `[1](` begins a link,
# and no source has the number 0: `x[0]` and the interval `[0, 1]` are the model's own words.
_NUMBERS = r"0{0,2}[1-9]\d{0,2}(?:[ \t]{0,2}[,;][ \t]{0,2}0{0,2}[1-9]\d{0,2}){0,15}"
_MARKER = re.compile(rf"([ \t]{{0,8}})\[({_NUMBERS})\](?!\()")
_MAY_BECOME_MARKER = re.compile(r"[ \t]{0,8}(?:\[[\d,; \t]{0,160}\]?)?$")
_SHOWN = re.compile(r"\[([1-9]\d{0,2})\](?!\()")
# Code as Markdown has it: between two fences, or between runs of as many backticks on one line.
_LONGEST_INLINE_CODE = 300
_CODE = re.compile(
    r"^ {0,3}```+[^`\n]*\n(?:(?! {0,3}```)[^\n]*\n)*+(?: {0,3}```+|[^\n]*\Z)"
    rf"|(?<!`)(`+)(?!`)[^\n]{{1,{_LONGEST_INLINE_CODE}}}?(?<!`)\1(?!`)",
    re.MULTILINE,
)
_BACKTICKS = re.compile(r"`+")


class MarkerReader:
    """Reads markers out of a stream: those of no source are dropped, the rest are renumbered.

    Numbers in the text it returns count from 1 in the order of first mention, so that a reader
    never meets [7] first. Text that may still turn into a marker, or into code, is held back.
    Code is left as it is: `x[1]` cites nothing there.
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
        code = _code(self._text)
        return self._read(_settled(self._text, code), code)

    def rest(self) -> str:
        """What was held back when the stream ended."""
        return self._read(len(self._text), _code(self._text))

    def _read(self, end: int, code: Sequence[Span]) -> str:
        start, end = self._returned, max(self._returned, end)
        shown = _replace_markers(self._text, self._renumbered, Span(start, end), code)
        line = self._text.rfind("\n", 0, end) + 1
        kept = next((span.start for span in code if span.start <= line < span.end), line)
        self._text, self._returned = self._text[kept:], end - kept
        return shown

    def _renumbered(self, match: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", match[2])]
        known = list(dict.fromkeys(number for number in numbers if number in self._known))
        if not known:
            return ""
        return match[1] + "".join(f"[{self._show(number)}]" for number in known)

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
    code = _code(text)
    citations = []
    quotes: dict[tuple[Span, int], tuple[Quote, Verdict | None]] = {}
    for match in _SHOWN.finditer(text):
        number = int(match[1])
        if number not in sources or _is_within(match.start(), code):
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
    """The text without its markers."""
    return _replace_markers(text, lambda match: "", Span(0, len(text)), _code(text))


def disarmed(text: str) -> str:
    """A document's text with its own `[3]` as `(3)`, so that nobody takes it for our marker."""
    return _replace_markers(
        text, lambda match: f"{match[1]}({match[2]})", Span(0, len(text)), _code(text)
    )


def _replace_markers(
    text: str, replacement: Callable[[re.Match[str]], str], part: Span, code: Sequence[Span]
) -> str:
    """A part of a text with the markers that are not code replaced."""
    pieces = []
    done = part.start
    for match in _MARKER.finditer(text, part.start, part.end):
        if not _is_within(match.start(2), code):
            pieces += [text[done : match.start()], replacement(match)]
            done = match.end()
    return "".join([*pieces, text[done : part.end]])


def _code(text: str) -> list[Span]:
    return [Span(*match.span()) for match in _CODE.finditer(text)] if "`" in text else []


def _is_within(position: int, spans: Sequence[Span]) -> bool:
    """Whether a position is in one of the spans, which are in order."""
    before = bisect_right(spans, position, key=lambda span: span.start) - 1
    return before >= 0 and position < spans[before].end


def _settled(text: str, code: Sequence[Span]) -> int:
    """Up to where nothing that may follow changes what a text means."""
    waiting = _MAY_BECOME_MARKER.search(text, max(0, len(text) - 200))
    settled = waiting.start() if waiting else len(text)
    if code and code[-1].end == len(text) and "\n" not in text[code[-1].start :]:
        settled = min(settled, code[-1].start)  # its last run of backticks may be longer
    line = max(text.rfind("\n") + 1, len(text) - 2 * _LONGEST_INLINE_CODE)
    for run in _BACKTICKS.finditer(text, line):
        may_close = len(text) <= run.end() + _LONGEST_INLINE_CODE + len(run.group())
        at_end = run.end() == len(text)
        if at_end or (may_close and not _is_within(run.start(), code)):
            return min(settled, run.start())
    return settled


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
