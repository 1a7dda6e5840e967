"""The statements of an answer: what can be checked against its sources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from rag.asides import introduction, without_asides
from rag.blocks import Block, Kind, blocks_of, flat, is_table, paired
from rag.citations import without_markers
from rag.domain import Span
from rag.emphasis import without_emphasis
from rag.markers import code_spans, find_markers, settled_markers
from rag.sentences import split_sentences

LONGEST_LABEL_WORDS = 8
LONGEST_LEAD_WORDS = 25
_AFTER = re.compile(r"(?:[ \t]*\[\d+\](?!\())+[.,;]?(?=\s|\Z)")
_ONLY_MARKERS = re.compile(r"(?:\s*\[\d+\](?!\())+[\s.]*")
_NEXT_WORD = re.compile(r"\s+(?!\[)\S+\s")
_ENDS = re.compile(r"[.!?…。！？](?:[\"'”’»)\]*_]|\s|\Z)")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)\1[\s:]*")
_MAY_BE_BOLD = re.compile(r"(?:\*\*|__)(?:(?!\*\*|__).)*(?:\*\*?|__?|\*\*\W*|__\W*)?")
_QUOTE = re.compile(r"[“\"«„](?P<inside>.+)[”\"»“]\.?(?:\s*\[\d+\])*\.?")
_NEXT_QUOTE = re.compile(r"[”\"»]\.?(?:\s*\[\d+\])+\.?\s+[“\"«„]")
_QUOTES = ("“", '"', "«", "„")
_MAY_GO_ON = re.compile(r"\d\.\Z")  # the figure's decimals may have been to come
_QUESTION = re.compile(r"[?？؟][\"'”’»)\]*_\s]*\Z")
_LEADS_ON = re.compile(r"[:：][\"'”’»)\]*_\s]*\Z")
_REFERENCES = re.compile(
    r"(?:sources?|references?|bibliography|citations?|footnotes|quellen|références|fuentes|"
    r"referencias|quellenangaben)\s*:?",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\[\d+\]:\s|(?:sources?|references?|quellen?|références|fuentes?)\s*:", re.IGNORECASE
)
_CELL = re.compile(r"(?<!\\)\|")
_NO_VALUE = ("", "-", "–", "—", "n/a", "N/A")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]*>")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|$~-])")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of an answer.

    `span` is in the answer's text, with the markers that follow it. `text` is what is to be
    checked: without markers and marks of Markdown, a table row with the heads of its columns, and
    after `lead`, the line ending in a colon that introduces it. `numbers` are those of its markers,
    or of its lead's where it has none.
    """

    span: Span
    text: str
    numbers: tuple[int, ...] = ()
    lead: str = ""


@dataclass(frozen=True, slots=True)
class _Lead:
    """What introduces the items below it; `indent` is how far they must stand in."""

    indent: int
    text: str
    numbers: tuple[int, ...]


@dataclass(slots=True)
class _Place:
    """Where in an answer the reading is."""

    text: str
    code: Sequence[Span]
    leads: list[_Lead] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    head_numbers: tuple[int, ...] = ()
    references: bool = False
    last: Kind | None = None

    def open_section(self, title: str) -> None:
        """Go on below a heading."""
        self.leads, self.heads = [], []
        self.references = bool(_REFERENCES.fullmatch(_plain(title)))

    def enter(self, block: Block) -> None:
        """Forget what does not introduce a block: leads are for lists and tables."""
        listed = block.kind is Kind.ITEM or block.indent
        after_list = self.last is Kind.ITEM and block.kind in (Kind.HEAD, Kind.ROW)
        if block.kind in (Kind.PROSE, Kind.ITEM):
            self.heads = []
            kept = [lead for lead in self.leads if lead.indent < block.indent] if listed else []
            self.leads = kept
        elif after_list and not block.indent:
            self.leads = []
        self.last = block.kind

    def introduce(self, indent: int, marked: str, span: Span) -> None:
        """Take a line that introduces what follows."""
        said = introduction(_plain(marked))
        short = len(said.split()) <= LONGEST_LEAD_WORDS
        self.leads.append(_Lead(indent, said if short else "", self.numbers(span)))

    def numbers(self, span: Span) -> tuple[int, ...]:
        """The numbers of the markers in a span of the text."""
        found = (
            number
            for marker in find_markers(self.text, span, self.code)
            if not marker.raised and not marker.is_range
            for number in marker.numbers()
        )
        return tuple(dict.fromkeys(found))

    def statement(self, span: Span, said: str) -> Statement:
        """What a span states, below what introduces it."""
        lead = " ".join(lead.text for lead in self.leads if lead.text)
        inherited = next((each.numbers for each in reversed(self.leads) if each.numbers), ())
        numbers = self.numbers(span) or inherited
        return Statement(span, f"{lead} {said}" if lead else said, numbers, lead)


def find_claims(text: str) -> list[Statement]:
    """The statements of an answer in reading order.

    Sentences, list items and rows of tables; of whole quotations, each is one. Headings, questions,
    lines that introduce others, code, courtesies, lists of sources, and what is said of the search
    or the documents themselves are none.
    """
    place = _Place(text, code_spans(text))
    found: list[Statement] = []
    for block, following in paired(blocks_of(text)):
        if block.kind in (Kind.PROSE, Kind.ITEM):
            found += _prose(place, block, following)
        elif block.kind is Kind.ROW:
            place.enter(block)
            found += _row(place, block)
        elif block.kind is Kind.HEAD:
            place.enter(block)
            place.heads = [_plain(cell) for cell in _cells(text, block)]
            place.head_numbers = place.numbers(block.span)
        elif block.kind is Kind.HEADING:
            place.open_section(text[block.span.start : block.span.end])
    return found


def finished_claims(text: str) -> list[Statement]:
    """The statements of an answer that was cut off: the sentence in which it breaks off is none.

    Where a last sentence may or may not be whole, as after “48.”, it is none.
    """
    found = find_claims(text)
    is_last = found and not text[found[-1].span.end :].strip()
    return found[:-1] if is_last and not _is_whole(text, found[-1].span) else found


def _is_whole(text: str, span: Span) -> bool:
    """Whether the last statement of a text that was cut off had come to its end."""
    *_, block = blocks_of(text)
    breaks = text[span.end :].count("\n")
    if breaks > (block.kind is Kind.PROSE):
        return True
    said = text[span.start : span.end]
    bare = without_markers(said).rstrip()
    if block.kind is Kind.ROW or (bare == said.rstrip() and _MAY_GO_ON.search(bare)):
        return False
    return len(split_sentences(f"{bare} X")) > len(split_sentences(bare))


def _prose(place: _Place, block: Block, following: Block | None) -> Iterator[Statement]:
    """The statements of a paragraph or an item."""
    content = flat(place.text, block)
    place.enter(block)
    if _is_title(block, content) or _REFERENCES.fullmatch(_plain(content)):
        place.open_section(content)
    elif place.references or _REFERENCE.match(content):
        return
    elif _is_label(block, content, following):
        place.introduce(block.indent, content.rstrip(" :") + ":", block.span)
    elif quoted := _whole_quote(content):
        if said := without_asides(_plain(quoted)):
            yield place.statement(block.span, said)
    else:
        yield from _stated(place, block, content)


def _stated(place: _Place, block: Block, content: str) -> Iterator[Statement]:
    """The sentences of a block that state something."""
    for start, end in _sentences(content):
        span = Span(block.span.start + start, block.span.start + end)
        sentence = content[start:end]
        bare = without_markers(sentence)
        if _LEADS_ON.search(bare):
            indent = block.indent if block.kind is Kind.ITEM else -1
            place.introduce(indent, sentence, span)
        elif not _QUESTION.search(bare):
            said = _plain(without_asides(_unstyled(sentence)))
            if _says_something(said):
                yield place.statement(span, said)


def _row(place: _Place, block: Block) -> Iterator[Statement]:
    """A row of a table, unless it is only the title of those below it."""
    cells = [_plain(cell) for cell in _cells(place.text, block)]
    heads = [*place.heads, *[""] * len(cells)]
    said = [
        f"{head}: {cell}" if head else cell
        for head, cell in zip(heads, cells, strict=False)
        if cell not in _NO_VALUE
    ]
    if place.references or (len(said) < 2 <= len(cells)) or not said:
        return
    statement = place.statement(block.span, "; ".join(said))
    own = place.numbers(block.span) or place.head_numbers * bool(place.heads)
    yield replace(statement, numbers=own) if own else statement


def _cells(text: str, block: Block) -> list[str]:
    row = text[block.span.start : block.span.end].strip()
    return _CELL.split(row[1:].removesuffix("|"))


def _sentences(content: str) -> list[tuple[int, int]]:
    """The sentences of a block, each with the markers that follow it."""
    found: list[tuple[int, int]] = []
    for span in split_sentences(content):
        start = max(span.start, found[-1][1]) if found else span.start
        begins = _AFTER.match(content, found[-1][1]) if found else None
        if begins and not content[begins.end() :].lstrip()[:1].islower():
            found[-1] = (found[-1][0], begins.end())
            start = begins.end()
        start += len(content[start : span.end]) - len(content[start : span.end].lstrip())
        if start < span.end:
            found.append((start, span.end))
    return found


def _is_title(block: Block, content: str) -> bool:
    """Whether a paragraph is one in bold letters only, neither cited nor with a full stop."""
    bold = _BOLD.fullmatch(content)
    return block.kind is Kind.PROSE and bool(bold) and not _ENDS.search(bold[2] if bold else "")


def _is_label(block: Block, content: str, following: Block | None) -> bool:
    """Whether an item only names what the items inside it are about."""
    inside = (
        following is not None and following.kind is Kind.ITEM and following.indent > block.indent
    )
    return block.kind is Kind.ITEM and inside and _may_be_label(content)


def _may_be_label(content: str) -> bool:
    return len(content.split()) <= LONGEST_LABEL_WORDS and not _ENDS.search(content)


def _whole_quote(content: str) -> str:
    """What a block quotes, where it consists of one quotation."""
    quote = _QUOTE.fullmatch(content)
    return quote["inside"] if quote and not _NEXT_QUOTE.search(content) else ""


def _says_something(said: str) -> bool:
    return any(letter.isalpha() for letter in said) or sum(map(str.isdigit, said)) > 1


def _unstyled(text: str) -> str:
    """The text without the marks of Markdown, on one line; its markers are kept."""
    text = _TAG.sub(" ", _LINK.sub(r"\1", text))
    return " ".join(_ESCAPED.sub(r"\1", without_emphasis(text)).split())


def _plain(text: str) -> str:
    """The text as it is read, without marks of Markdown and markers."""
    return _unstyled(without_markers(text))


def settled(text: str) -> int:
    """Up to where the statements of an unfinished answer stay as they are, whatever follows.

    `find_claims(text[:settled(text)])` are those that end before it, now and later.
    """
    bound = settled_markers(text, code_spans(text))
    cut = 0
    in_table = False
    for block, following in paired(blocks_of(text)):
        row = in_table and block.kind is Kind.ROW and text[block.end - 1] == "\n"
        if not row and not _is_finished(text, block, following):
            return max([cut, *(end for end in _sure_ends(text, block) if end <= bound)])
        in_table = is_table(block) and not block.closed
        named = block.kind is Kind.HEAD or _is_label(block, flat(text, block), following)
        if not named and block.end <= bound:
            cut = block.end
    return cut


def _is_finished(text: str, block: Block, following: Block | None) -> bool:
    """Whether nothing that follows can change a block."""
    if following and text[following.starts[0] : following.end].count("\n"):
        return True
    match block.kind:
        case Kind.HEADING | Kind.RULE | Kind.DIVIDER | Kind.HEAD:
            return text[block.end - 1] == "\n"
        case Kind.ITEM:
            return block.closed and not _may_be_label(flat(text, block))
        case _:
            return block.closed


def _sure_ends(text: str, block: Block) -> Iterator[int]:
    """Where sentences of a block that goes on end for sure: a whole word follows each."""
    content = flat(text, block)
    if block.kind not in (Kind.PROSE, Kind.ITEM) or content.startswith(("|", *_QUOTES)):
        return
    if len(block.starts) > 1:
        content = content[: block.starts[-1] - block.span.start]
    elif block.span.end < len(text):
        content += " "
    if _MAY_BE_BOLD.fullmatch(content):
        return
    for _, end in _sentences(content):
        if _NEXT_WORD.match(content, end):
            yield block.span.start + end
