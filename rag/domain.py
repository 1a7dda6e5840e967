"""The vocabulary of the application: frozen values, no behaviour, nothing of ours imported.

Positions inside a page are character offsets into `Page.text`, half-open: `page.text[start:end]`.
Page numbers count from 1 everywhere. An `offset` is where a page starts in the text of the whole
document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class PageState(StrEnum):
    """How reading one page ended."""

    TEXT = "text"
    OCR = "ocr"
    EMPTY = "empty"
    NEEDS_OCR = "needs_ocr"
    FAILED = "failed"


class DocumentState(StrEnum):
    """How reading one file ended. Only `ready` and `partial` documents have chunks."""

    READY = "ready"
    PARTIAL = "partial"
    NEEDS_OCR = "needs_ocr"
    EMPTY = "empty"
    NEEDS_PASSWORD = "needs_password"  # noqa: S105 - the name of a state
    DAMAGED = "damaged"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    FAILED = "failed"


class Verdict(StrEnum):
    """What checking a claim found; an `uncited` one names no source, and none of them says it."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"
    UNCITED = "uncited"


@dataclass(frozen=True, slots=True)
class Library:
    """Documents that are searched together; all its vectors come from one embedding model.

    `generation` grows with every change of its documents: whatever is derived carries it;
    `vectors` with vectors that come later than their documents; `rebuilt` is the sum of both when
    all were last made anew. `language` is that of documents too short to tell theirs, empty where
    it is not said. Nothing of one that `stays_here` may be sent to another machine. Somebody has
    `chosen` its embedding model, else it may change until something is embedded.
    """

    id: str
    name: str
    embedding_model: str
    dimension: int
    generation: int
    vectors: int = 0
    owner: str = "local"
    language: str = ""
    stays_here: bool = False
    rebuilt: int = 0
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A file in a library. `reason` is one plain sentence wherever the state is not `ready`.

    A `ready` document may have one too: that it was repaired, or is not what its name says.
    `paginated` is false for formats without pages, whose text is kept in numbered sections.
    `embedded` of its `chunks` have their vectors: the others are found by their words alone.
    """

    id: str
    library_id: str
    name: str
    title: str
    media_type: str
    sha256: str
    size_bytes: int
    state: DocumentState
    reason: str
    page_count: int
    paginated: bool
    chunks: int = 0
    embedded: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page, with its text exactly as the engine returned it.

    `label` is the document's own ("iv", "12").
    """

    number: int
    label: str
    text: str
    offset: int
    state: PageState = PageState.TEXT
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question may see: one library, and within it the chosen documents (None: all)."""

    library_id: str
    document_ids: frozenset[str] | None = None
    principal: str = "local"


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a passage came: what each kind of search gave to its score, 0 or more.

    `words` and their spelling; `meaning`, of the passage and of its best sentence; `title`, where
    the question names its document.
    """

    words: float = 0.0
    meaning: float = 0.0
    title: float = 0.0


@dataclass(frozen=True, slots=True)
class Passage:
    """Chunks as retrieved, joined with their neighbours on the same page.

    `chunk_ids` are catalog keys, the best one first; `score` orders the passages of one question;
    `reasons` are None for a passage that was opened, not searched. `rows` are those of tables whose
    cells the text does not part, as in PDFs: where in it, their cells, the heads of their columns.
    """

    document: Document
    page: int
    label: str
    start: int
    end: int
    text: str
    heading: tuple[str, ...]
    score: float
    chunk_ids: tuple[int, ...]
    offset: int = 0
    reasons: Reasons | None = None
    rows: tuple[tuple[Span, tuple[str, ...], tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A passage under the number shown to the model."""

    number: int
    passage: Passage


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quote:
    """An exact span of a page: `page.text[start:end] == text`."""

    document: Document
    page: int
    label: str
    start: int
    end: int
    text: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Citation:
    """From a claim to its quote. `marker` is where `[number]` stands in the answer's text."""

    number: int
    marker: Span
    claim: Span
    quote: Quote
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of an answer, and what checking it against its sources found.

    `span` is in the answer's text, markers included; `reason` is a phrase wherever the verdict is
    not `supported`. `quotes` are the evidence and `numbers` the sources they are from, as shown;
    not `cited` is a statement without a marker, for which all sources were looked through.
    """

    span: Span
    verdict: Verdict
    reason: str = ""
    quotes: tuple[Quote, ...] = ()
    numbers: tuple[int, ...] = ()
    cited: bool = True


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Sources that give different values for one thing; `subject` names it in a few words."""

    subject: str
    values: tuple[tuple[str, Quote], ...]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as described to a model; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A complete request by a model to run a tool; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool call produced; a `failed` result is shown to the model, never raised."""

    call: ToolCall
    content: str
    passages: tuple[Passage, ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, in no provider's format."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request to a chat model.

    `messages` is the whole conversation, sources included, ready to send. `question` and `sources`
    say the same in parts, for models that do not read prose; `parts` are the questions that it
    consists of, and where it may `widen`, it is read in the words that documents have for it, too.
    """

    messages: tuple[Message, ...]
    question: str = ""
    sources: tuple[Source, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    parts: tuple[str, ...] = ()
    widen: bool = True
    principal: str = "local"  # on whose account
    schema: Mapping[str, Any] | None = None  # of the reply, where the server can hold it to one


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A chat model as a user meets it.

    Prices are dollars per million tokens, None where unknown. Not `instructable` can only quote;
    `place` is where it runs, in the page's words; `tokenizer` where its name does not show it.
    """

    name: str
    place: str
    context_tokens: int
    instructable: bool = True
    tools: bool = False
    input_price: float | None = None
    output_price: float | None = None
    tokenizer: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more model turns."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The last item of a model turn: without one the stream was cut.

    `complete` is false when the model stopped at its length limit, or was `filtered`: stopped by
    its provider's filter.
    """

    usage: Usage | None = None
    complete: bool = True
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How one question is to be answered.

    `bar` is the evidence below which it is refused, None for the usual one; with `rewrite` false it
    is searched as it stands, in one piece; with `documents` false the model answers from what it
    knows, and the answer says so.
    """

    bar: float | None = None
    rewrite: bool = True
    documents: bool = True


@dataclass(frozen=True, slots=True)
class SummedUp:
    """The older part of the conversation was summed up, since the model cannot read all of it."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The question as it is searched, when it differs from the one asked.

    `parts` are the questions it was taken apart into, none for a question in one piece; `also` are
    phrases that it is searched for besides.
    """

    question: str
    parts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The passages found for the question, best first."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer, as it arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The finished answer: always the last event of a question.

    `text` is the concatenation of the deltas. `nearest` are the pages to show when `refused`;
    `notice` is a sentence on how the answer came about, empty when there is nothing to say;
    `usage` and `cost` are of every request to a language model that it took; `cost` is in dollars,
    with that of moderation, None where nothing has a price. `question` and its `parts` are as they
    were searched; `evidence` is what the passages promise, from 0 to 1, None where there are none.
    `claims` are its statements as they were checked; not `grounded` is what a model said without
    the documents.
    """

    text: str
    question: str
    model: str
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    nearest: tuple[Passage, ...] = ()
    refused: bool = False
    complete: bool = True
    notice: str = ""
    tool_results: tuple[ToolResult, ...] = ()
    usage: Usage | None = None
    cost: float | None = None
    seconds: float = 0.0
    parts: tuple[str, ...] = ()
    evidence: float | None = None
    claims: tuple[Claim, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    grounded: bool = True
    filtered: bool = False  # it is not complete since the provider's filter stopped it


Event = SummedUp | Rewritten | Retrieved | ToolCall | ToolResult | TextDelta | Answer
