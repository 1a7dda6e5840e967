"""Answers and document text as HTML: the one place where either becomes markup.

What a model or a document says is never trusted. Markdown is rendered with raw HTML escaped and
images reduced to their description; citation markers, held as placeholders meanwhile, become chips
and statements that are not backed are marked; and an allow-list without images, styles, scripts or
event attributes is applied to the result, last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.domain import Span, Verdict
from rag.folding import whole_words
from ui.references import Reference
from ui.underlining import BEGIN, END, HELD, THEN, Part, hold, underline, without_holders

# Brackets that no text needs. As punctuation they end what is bold before them, as a marker does.
OPEN, CLOSE = "\u2e55", "\u2e56"
OURS = {ord(character): "\ufffd" for character in (OPEN, CLOSE, BEGIN, THEN, END)}
PLACEHOLDER = re.compile(f"{OPEN}(\\d+){CLOSE}")
MARKER = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
PARTIAL_MARKER = re.compile(r"\s?\[[\d,\s]*$")
PARTIAL_TABLE = re.compile(r"(?:^|\n\n)\|[^\n]*(?:\n[ \t:|-]*)?$")
PARTIAL_ROW = re.compile(r"\n\|[^\n]*\Z")
# What ends a sentence or a part of it stands before the chip, as it does before a raised number.
PUNCTUATION = re.compile(r"[.,;:!?…]+(?=[\s\"»”’)*_]|$)")
ENDS_WITH_PUNCTUATION = re.compile(r"[.,;:!?…]$")
WORD_JOINER = "\u2060"  # a line may break after these, and a chip must not stand alone
BREAKS_AFTER = re.compile(r"[!?…)\]}%»”*_`]$")
STRUCTURE = re.compile(
    r"(?:^|\n)[ \t]*(?:[-*+>#|]+|\d+[.)])?[ \t]*$"
)  # markup that needs its space
HEADING_LINE = re.compile(r"#{1,6} ")
MARKDOWN_MARKS = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|(?:[|:-]+[ \t]*)+$)"
    r"|[ \t]*\|[ \t]*$|\*\*|__|`+",
    re.MULTILINE,
)
MARKDOWN_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*\)")
BARS = re.compile(r"\s*\|\s*")
LEADING_NUMBERS = re.compile(r"^(?:\d{1,3}\.?\s+)+(?=[^\W\d_a-zà-ÿ])")
NUMERIC = re.compile(r"^[^\w\s]{0,3}\s*[-+−–]?\d[\d\s.,’'/×–-]*\s*\S{0,4}$")
LINK = re.compile(r"^(https?://|mailto:)[^\s]+$", re.IGNORECASE)
OUR_ANCHOR = re.compile(r"^#(?:cite|claim)-\d+-\d+$")
PART_KEY = re.compile(r"^claim-\d+-\d+$")

TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "a", "span"),
    *("ul", "ol", "li", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
MARKS = {"said", Verdict.PARTLY, Verdict.UNSUPPORTED, Verdict.UNCITED}
CLASSES = {
    "a": {"cite", "doubt", "found", *MARKS},
    "span": {"cite", "pending", "sr", *MARKS},
    "td": {"n"},
    "th": {"n"},
}
ATTRIBUTES = {"a": {"href", "aria-label", "data-part"}, "span": {"data-part"}, "ol": {"start"}}


def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": False})
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    # Any target is read as one, so that `_to_html` can drop it; no target is rendered unchecked.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "data-part":
        return value if PART_KEY.match(value) else None
    if name != "href":
        return value
    return value if OUR_ANCHOR.match(value) or LINK.match(value) else None


MARKDOWN = _markdown()
CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags={"script", "style"},
    attributes=ATTRIBUTES,
    tag_attribute_values={"a": {"target": {"_blank"}}},
    allowed_classes=CLASSES,
    attribute_filter=_filter_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)


def render_answer(
    text: str, references: Sequence[Reference], turn: int, marked: Sequence[Part] = ()
) -> str:
    """The HTML of a finished answer; its chips link to `#cite-<turn>-<index of the reference>`.

    `marked` are the parts of it that are not backed.
    """
    chips: dict[Span, list[str]] = {}
    for index, reference in enumerate(references):
        if reference.at is not None:
            chips.setdefault(reference.at, []).append(_chip(reference, turn, index))
    return _render(text, {span: "".join(parts) for span, parts in chips.items()}, marked)


def render_partial(text: str) -> str:
    """The HTML of an answer that is still being written.

    Markers already take the room of their chips, and what is half written (a marker, the head or
    a row of a table) stays hidden, so that nothing moves when it is complete.
    """
    text = PARTIAL_ROW.sub("", PARTIAL_TABLE.sub("", PARTIAL_MARKER.sub("", text)))
    return _render(text, {Span(*match.span()): _pending(match) for match in MARKER.finditer(text)})


def render_page_text(text: str, marks: Mapping[Span, str], passage: Span | None = None) -> str:
    """A page's text, line by line, with spans of it marked.

    `marks` gives the class of each span; of spans that overlap, the first named wins. The lines
    of the `passage` have the class `in`.
    """
    taken: list[tuple[Span, str]] = []
    for span, name in marks.items():
        if all(span.end <= other.start or span.start >= other.end for other, _ in taken):
            taken.append((span, name))
    taken.sort(key=lambda item: item[0].start)
    lines, start = [], 0
    for line in text.split("\n"):
        end = start + len(line)
        heading = HEADING_LINE.match(line)
        within = " in" * (passage is not None and start < passage.end and end > passage.start)
        if heading:
            middle = start + heading.end()
            lines.append(
                f'<span class="line hd{within}"><i>{_render_line(text, start, middle, taken)}</i>'
                f"{_render_line(text, middle, end, taken)}</span>"
            )
        else:
            kind = "row" if line.startswith("|") else ""
            body = _render_line(text, start, end, taken)
            lines.append(f'<span class="line {kind}{within}">{body}</span>')
        start = end + 1
    return "".join(lines)


def _render_line(text: str, start: int, end: int, marks: Sequence[tuple[Span, str]]) -> str:
    parts, position = [], start
    for span, name in marks:
        first, last = max(span.start, start), min(span.end, end)
        if first < last:
            parts.append(escape(text[position:first]))
            parts.append(f'<mark class="{escape(name)}">{escape(text[first:last])}</mark>')
            position = last
    return "".join(parts) + escape(text[position:end])


def shorten(text: str, limit: int) -> str:
    """The text on one line, cut at a word before `limit` characters."""
    line = " ".join(whole_words(text).split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def excerpt(text: str, limit: int) -> str:
    """A document's words as a preview: one line without Markdown's marks and page numbers."""
    plain = MARKDOWN_LINK.sub(r"\1", whole_words(text))
    plain = BARS.sub(" · ", MARKDOWN_MARKS.sub("", plain))
    line = " ".join(plain.split()).strip(" ·")
    return shorten(LEADING_NUMBERS.sub("", line), limit)


def _chip(reference: Reference, turn: int, index: int) -> str:
    place = reference.place
    names = "cite"
    if not reference.named:
        names += " found"
        label = f"Found in {place}: the answer names no source"
    elif reference.verdict is Verdict.UNSUPPORTED:
        names += " doubt"
        label = f"Source {reference.sign}: {place}, does not say this"
    else:
        label = f"Source {reference.sign}: {place}"
    return (
        f'<a class="{names}" href="#cite-{turn}-{index}" '
        f'aria-label="{escape(label)}">{escape(reference.sign)}</a>'
    )


def _pending(match: re.Match[str]) -> str:
    numbers = re.findall(r"\d+", match.group(1))
    return "".join(f'<span class="cite pending">{number}</span>' for number in numbers)


def _render(text: str, chips: Mapping[Span, str], marked: Sequence[Part] = ()) -> str:
    text = text.translate(OURS)
    html = _with_chips(text, chips)
    if marked:
        held, moved = hold(text, marked)
        again = _with_chips(held, {moved(span): chip for span, chip in chips.items()})
        # Where what holds them changes how the Markdown is read, they are only listed below it.
        if without_holders(again) == html:
            html = underline(again, marked)
    return CLEANER.clean(html)


def _with_chips(text: str, chips: Mapping[Span, str]) -> str:
    held: list[str] = []
    parts, position = [], 0
    for span, chip in _runs(text, chips):
        before = text[position : span.start]
        position = span.end
        joiner = ""
        if not STRUCTURE.search(before):
            before = before.rstrip(" ")
            ending = PUNCTUATION.match(text, position)
            if ending and not ENDS_WITH_PUNCTUATION.search(before):
                before += ending.group()
                position = ending.end()
            if BREAKS_AFTER.search(before):
                joiner = WORD_JOINER
        parts.append(f"{before}{OPEN}{len(held)}{CLOSE}")
        held.append(joiner + chip)
    parts.append(text[position:])
    html = _to_html("".join(parts))
    return PLACEHOLDER.sub(lambda match: held[int(match.group(1))], html)


def _runs(text: str, chips: Mapping[Span, str]) -> list[tuple[Span, str]]:
    """The chips in reading order, those with nothing but spaces between them as one."""
    runs: list[tuple[Span, str]] = []
    for span in sorted(chips, key=lambda span: span.start):
        last = runs[-1][0] if runs else None
        if last is not None and span.start < last.end:
            continue
        if last is not None and not text[last.end : span.start].strip(" "):
            runs[-1] = (Span(last.start, span.end), runs[-1][1] + chips[span])
        else:
            runs.append((span, chips[span]))
    return runs


def _to_html(text: str) -> str:
    tokens = MARKDOWN.parse(text)
    _lower_headings(tokens)
    _align_numbers(tokens)
    for token in tokens:
        if token.children:
            token.children = _tame_links(token.children)
    return str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))


def _tame_links(tokens: Sequence[Token]) -> list[Token]:
    """Images as their description; links to the web open elsewhere, others are only their text."""
    tamed: list[Token] = []
    is_link = False
    for token in tokens:
        if token.type == "image":
            tamed.append(Token("text", "", 0, content=_described(token)))
        elif token.type == "link_open":
            is_link = LINK.match(str(token.attrGet("href"))) is not None
            if is_link:
                token.attrSet("target", "_blank")
                tamed.append(token)
        elif token.type != "link_close" or is_link:
            tamed.append(token)
    return tamed


def _described(image: Token) -> str:
    return "".join(child.content for child in image.children or () if not child.nesting)


def _lower_headings(tokens: Sequence[Token]) -> None:
    """An answer's headings stand below the page's own."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"


def _align_numbers(tokens: Sequence[Token]) -> None:
    """Give the class `n` to the table columns whose first cell that says something is a number.

    Later cells change nothing, so that a column stays where it is while a table is written.
    """
    columns: list[list[tuple[Token, str]]] = []
    column = 0
    for position, token in enumerate(tokens):
        match token.type:
            case "table_open":
                columns = []
            case "tr_open":
                column = 0
            case "th_open" | "td_open":
                token.attrs = {}
                if token.type == "th_open":
                    columns.append([])
                cell_text = PLACEHOLDER.sub("", HELD.sub("", tokens[position + 1].content))
                columns[column].append((token, cell_text))
                column += 1
            case "table_close":
                for cells in columns:
                    said = [text for _, text in cells[1:] if any(map(str.isalnum, text))]
                    if said and _is_number(said[0]):
                        for cell, _ in cells:
                            cell.attrSet("class", "n")


def _is_number(cell: str) -> bool:
    return NUMERIC.match(cell.strip(" *")) is not None
