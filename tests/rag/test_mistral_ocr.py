import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rag.domain import DocumentState
from rag.errors import (
    AuthenticationError,
    DocumentError,
    InvalidReplyError,
    ModelNotFoundError,
    ProviderError,
    RateLimitError,
    UnavailableError,
)
from rag.intake import OcrPage
from rag.providers.mistral_ocr import MistralOcr
from tests.builders import png
from tests.loopback import LoopbackServer, Reply, Status, mistral_error, rate_limited

KEY = "s3cr3t-k3y-0123456789"
OCR = "/v1/ocr"

Start = Callable[..., tuple[LoopbackServer, MistralOcr]]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[LoopbackServer] = []

    def started(*replies: Reply) -> tuple[LoopbackServer, MistralOcr]:
        server = LoopbackServer(ocr=replies, api_key=KEY)
        servers.append(server)
        server.__enter__()
        waits: list[float] = []
        return server, MistralOcr(KEY, url=server.url, timeout_seconds=5, sleep=waits.append)

    yield started
    for server in servers:
        server.__exit__(None, None, None)


def block(kind: str, content: str, *edges: int, **fields: object) -> dict[str, Any]:
    names = ("top_left_x", "top_left_y", "bottom_right_x", "bottom_right_y")
    return {"type": kind, "content": content, **dict(zip(names, edges, strict=True)), **fields}


def reply(markdown: str, *blocks: dict[str, Any], **fields: object) -> Status:
    return answer_of(page_of(markdown, *blocks, **fields))


def page_of(markdown: str, *blocks: dict[str, Any], **fields: object) -> dict[str, Any]:
    return {
        "index": 0,
        "markdown": markdown,
        "images": [],
        "tables": [],
        "hyperlinks": [],
        "header": None,
        "footer": None,
        "dimensions": {"dpi": 200, "height": 2000, "width": 1000},
        "blocks": list(blocks),
        **fields,
    }


def answer_of(*pages: dict[str, Any]) -> Status:
    usage = {"pages_processed": len(pages), "doc_size_bytes": 1000}
    return Status(200, {"pages": list(pages), "model": "mistral-ocr-4-1", "usage_info": usage})


def word_at(page: OcrPage, word: str) -> list[tuple[float, ...]]:
    return [
        (box.left, box.top, box.right, box.bottom)
        for box in page.words
        if page.text[box.start : box.end] == word
    ]


def test_a_page_is_sent_as_a_data_address(start: Start) -> None:
    server, ocr = start(reply("Boats."))
    ocr.read(png())
    (request,) = server.asked(OCR)
    assert request.body["model"] == "mistral-ocr-latest"
    assert request.body["include_blocks"] is True
    assert request.body["document"]["type"] == "image_url"
    head, _, content = request.body["document"]["image_url"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(content) == png()
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_blocks_become_text_with_places(start: Start) -> None:
    title = block("title", "# Harbours of the *coast*", 100, 100, 900, 200)
    places = block("list", "- Calvi\n- Bastia", 100, 300, 500, 500)
    picture = block("image", "![img-0.jpeg](img-0.jpeg)", 0, 600, 1000, 900, image_id="img-0.jpeg")
    _, ocr = start(reply("# Harbours of the *coast*\n\n- Calvi\n- Bastia", title, places, picture))
    page = ocr.read(png())
    assert page.text == "Harbours of the coast\n\n- Calvi\n- Bastia"
    assert word_at(page, "coast") == [(0.1, 0.05, 0.9, 0.1)]
    assert word_at(page, "Calvi") == [(0.1, 0.15, 0.5, 0.2)]
    assert word_at(page, "Bastia") == [(0.1, 0.2, 0.5, 0.25)]
    assert all(page.text[box.start : box.end].strip() for box in page.words)


def test_a_word_of_a_paragraph_stands_about_where_it_is_read(start: Start) -> None:
    words = " ".join(f"word{number}" for number in range(60))  # some 420 letters: 6 lines of 70
    _, ocr = start(reply(words, block("text", words, 0, 0, 1000, 204)))
    page = ocr.read(png())
    ((_, first_top, _, first_bottom),) = word_at(page, "word0")
    ((_, last_top, _, last_bottom),) = word_at(page, "word59")
    assert first_top == 0.0
    assert last_bottom == pytest.approx(0.102)
    assert first_bottom < 0.05 < last_top


@pytest.mark.parametrize(
    "table",
    [
        "| Harbour | Boats |\n| --- | ---: |\n| Calvi | 41 |\n| **Bastia** | |",
        "<table><tr><th>Harbour</th><th>Boats</th></tr><tr><td>Calvi</td><td>41</td></tr>"
        "<tr><td>Bastia</td><td></td></tr></table>",
    ],
)
def test_a_row_of_a_table_is_a_line(start: Start, table: str) -> None:
    _, ocr = start(reply(table, block("table", table, 0, 0, 1000, 300, table_id=None)))
    page = ocr.read(png())
    assert page.text.splitlines() == ["Harbour | Boats", "Calvi | 41", "Bastia |"]
    ((left, top, right, bottom),) = word_at(page, "41")
    assert (left, right) == (0.0, 1.0)
    assert top == pytest.approx(0.05)
    assert bottom == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"It costs \$5 \& 3\_a.", "It costs $5 & 3_a."),
        ("Deng &amp; Zheng, **2021**", "Deng & Zheng, 2021"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("See [the guide](https://example.org/a) now.", "See the guide now."),
        ("one<br>two", "one two"),
    ],
)
def test_marks_of_markdown_are_no_text(start: Start, written: str, read: str) -> None:
    _, ocr = start(reply(written, block("text", written, 0, 0, 10, 10)))
    assert ocr.read(png()).text == read


def test_kinds_of_blocks_that_are_not_known_are_read(start: Start) -> None:
    _, ocr = start(reply("p. 12", block("page_number", "p. 12", 0, 0, 100, 200)))
    page = ocr.read(png())
    assert (page.text, word_at(page, "12")) == ("p. 12", [(0.0, 0.0, 0.1, 0.1)])


@pytest.mark.parametrize(
    "fields",
    [{"blocks": None}, {"dimensions": None}, {"dimensions": {"dpi": 0, "height": 0, "width": 0}}],
)
def test_without_blocks_or_size_there_is_text_without_places(
    start: Start, fields: dict[str, object]
) -> None:
    _, ocr = start(reply("# Boats\n\nMany.", block("text", "Many.", 0, 0, 9, 9), **fields))
    assert ocr.read(png()) == OcrPage("Boats\n\nMany.", ())


def test_blocks_that_leave_much_out_are_not_relied_on(start: Start) -> None:
    whole = "The harbour holds forty-one boats.\n\nThe other holds none."
    _, ocr = start(reply(whole, block("text", "none.", 0, 0, 9, 9)))
    assert ocr.read(png()) == OcrPage(whole, ())


def test_a_page_without_words_has_no_text(start: Start) -> None:
    _, ocr = start(reply("![img-0.jpeg](img-0.jpeg)"))
    assert ocr.read(png()) == OcrPage("", ())


def test_what_may_pass_is_tried_again(start: Start) -> None:
    server, ocr = start(rate_limited("1"), Status(503, ""), reply("Boats."))
    assert ocr.read(png()).text == "Boats."
    assert len(server.asked(OCR)) == 3


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (rate_limited(), RateLimitError, "too many requests"),
        (Status(500, ""), UnavailableError, "a fault of its own"),
        (Status(403, {"detail": "Forbidden"}), AuthenticationError, "does not allow this key"),
        (Status(400, mistral_error("Invalid model: x")), ModelNotFoundError, "TRAMONTANE_OCR"),
        (Status(413, ""), DocumentError, "larger than"),
        (Status(422, mistral_error("bad image")), DocumentError, "bad image. Save the page"),
        (Status(200, {"text": "?"}), InvalidReplyError, "makes no sense"),
        (Status(200, "<html>"), InvalidReplyError, "makes no sense|something else"),
    ],
)
def test_faults_are_said_in_plain_words(
    start: Start, answer: Reply, error: type[Exception], said: str
) -> None:
    server, ocr = start(answer, answer, answer)
    with pytest.raises(error, match=said) as raised:
        ocr.read(png())
    assert KEY not in str(raised.value)
    assert len(server.asked(OCR)) <= 3


@pytest.mark.parametrize(
    ("indexes", "said"),
    [
        ([], "without the text of this page"),
        ([1], "the pages numbered 2"),
        ([-1], "the pages numbered 0"),
        ([0, 0], "the pages numbered 1, 1"),
        ([1, 0], "the pages numbered 2, 1"),
        ([0, *range(1, 9)], "the pages numbered 1, 2, 3, 4, 5 and 4 more"),
    ],
)
def test_the_text_of_other_pages_is_never_taken(
    start: Start, indexes: list[int], said: str
) -> None:
    pages = [page_of(f"Text {index}.", index=index) for index in indexes]
    server, ocr = start(answer_of(*pages))
    with pytest.raises(DocumentError, match=said) as raised:
        ocr.read(png())
    assert raised.value.state is DocumentState.FAILED
    assert len(server.asked(OCR)) == 1  # it was billed


def test_a_server_that_is_gone_is_said() -> None:
    with LoopbackServer() as server:
        url = server.url
    ocr = MistralOcr(KEY, url=url, timeout_seconds=1, sleep=lambda _seconds: None)
    with pytest.raises(ProviderError, match="cannot be reached"):
        ocr.read(png())


def test_a_page_has_a_price() -> None:
    assert MistralOcr(KEY, url="http://127.0.0.1:9", timeout_seconds=1).dollars_per_page == 0.004
