"""What passes between the application and the processes that read files."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.answer import Answer
from ingest.loaded import Attachment, Heading, LoadedDocument
from ingest.wire import FrameReader, Kind, TooLongError, WireError, pack, read, write
from rag.domain import DocumentState, Page, PageState
from rag.errors import DocumentError
from rag.intake import Table, TableRow, WordBox

TEXT = "Un café à 3 €\r\n\x02\x00👋"
DOCUMENT = LoadedDocument(
    title='A "title"',
    media_type="application/pdf",
    paginated=True,
    pages=(
        Page(1, "iv", TEXT, 0),
        Page(2, "v", "", len(TEXT), PageState.FAILED, "It is damaged."),
    ),
    outline=(Heading(1, "First", 1, 3), Heading(2, "Second", 2)),
    state=DocumentState.PARTIAL,
    reason="Read, except 1 page.",
    tables=(Table(1, 1, "Prices", ("what", "price"), (TableRow(3, 13, ("café", "3 €")),)),),
    words={1: (WordBox(3, 7, 0.1, 0.25, 1 / 3, 1.0),)},
    attachments=(Attachment("../../etc/passwd", b"\0\xff"), Attachment("", b"")),
)
CONTENTS = (b"\0\xff", b"")
EACH_KIND = dict.fromkeys(Kind, 1000)


def framed(*frames: tuple[Kind, bytes]) -> bytes:
    stream = io.BytesIO()
    for frame in frames:
        write(stream, *frame)
    return stream.getvalue()


def changed(**changes: object) -> bytes:
    """The document's JSON, with some of it changed."""
    return json.dumps({**json.loads(pack(DOCUMENT)), **changes}).encode()


def test_a_document_comes_out_as_it_went_in() -> None:
    assert Answer(Kind.DOCUMENT, pack(DOCUMENT), CONTENTS).document() == DOCUMENT


def test_half_a_character_becomes_a_whole_one_and_every_position_stays() -> None:
    page = Page(1, "1", "a\ud83db", 0)
    document = LoadedDocument("", "", False, (page,), (), DocumentState.READY, "")
    assert Answer(Kind.DOCUMENT, pack(document)).document().pages[0].text == "a\ufffdb"


@given(
    st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=40)), max_size=6),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_frames_come_out_of_any_pieces(frames: list[tuple[Kind, bytes]], sizes: list[int]) -> None:
    content = framed(*frames)
    reader = FrameReader(EACH_KIND)
    came: list[tuple[Kind, bytes]] = []
    start = 0
    while start < len(content):
        size = sizes[start % len(sizes)]
        came.extend(reader.feed(content[start : start + size]))
        start += size
    assert came == frames


def test_a_stream_gives_its_frames_and_then_none() -> None:
    stream = io.BytesIO(framed((Kind.READY, b""), (Kind.IMAGE, b"picture")))
    assert [read(stream) for _ in range(3)] == [(Kind.READY, b""), (Kind.IMAGE, b"picture"), None]


@given(st.binary(min_size=5, max_size=60))
def test_noise_is_named_as_such(noise: bytes) -> None:
    reader = FrameReader({})
    with pytest.raises(WireError):
        list(reader.feed(noise))


def test_a_frame_of_a_kind_that_may_not_come_is_refused() -> None:
    with pytest.raises(WireError, match="kind 1"):
        list(FrameReader({Kind.END: 10}).feed(framed((Kind.REQUEST, b""))))


def test_too_much_is_refused_before_it_is_kept() -> None:
    reader = FrameReader({Kind.CONTENT: 10})
    assert list(reader.feed(framed((Kind.CONTENT, b"x" * 6)))) == [(Kind.CONTENT, b"x" * 6)]
    with pytest.raises(TooLongError, match="CONTENT"):
        list(reader.feed(framed((Kind.CONTENT, b"x" * 5))[:5]))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": 3},
        {"state": "splendid"},
        {"pages": [{**json.loads(pack(DOCUMENT.pages[0])), "number": 2}]},
        {"pages": []},
        {"outline": [{"level": 1, "title": "Off", "page": 3}]},
        {"outline": [{"level": 1, "title": "Off", "page": 1, "start": 99}]},
        {"tables": [{**json.loads(pack(DOCUMENT.tables[0])), "page": 2}]},
        {"tables": [{**json.loads(pack(DOCUMENT.tables[0])), "page": 3, "rows": []}]},
        {"words": {"7": []}},
        {"words": {"1": [{**json.loads(pack(DOCUMENT.words[1][0])), "start": -1}]}},
        {"attachments": []},
    ],
    ids=str,
)
def test_a_document_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DocumentError, match="without a result") as refused:
        Answer(Kind.DOCUMENT, changed(**changes), CONTENTS).document()
    assert refused.value.state is DocumentState.FAILED


SCRAPS = st.recursive(
    st.none() | st.integers() | st.sampled_from(["failed", "text", "{"]), st.lists, max_leaves=4
)


@given(st.sampled_from(Kind), SCRAPS)
def test_no_answer_raises_anything_unforeseen(kind: Kind, scrap: object) -> None:
    with pytest.raises((DocumentError, OSError)) as raised:
        Answer(kind, json.dumps(scrap).encode()).document()
    assert isinstance(raised.value, DocumentError) or kind is Kind.OS_ERROR


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"[1]", b'["failed"]', b"\xff"])
def test_a_refusal_that_makes_no_sense_is_one_all_the_same(content: bytes) -> None:
    for understand in (Answer.document, Answer.image):
        with pytest.raises(DocumentError, match="without a result"):
            understand(Answer(Kind.REFUSED, content))
