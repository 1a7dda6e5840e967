from __future__ import annotations

import math

from ingest.measuring import CHUNK_TOKENS, HEADING_TOKENS, Ruler
from rag import tokens
from rag.providers.minilm.embedder import MiniLmEmbedder
from tests.fakes import HashEmbedder


def test_numbers_are_measured_in_mistrals_tokens() -> None:
    ruler = Ruler(HashEmbedder())

    assert ruler(["1234567890" * 8]) == [tokens.count("1234567890" * 8)]


def test_what_fills_the_embedder_is_the_limit_though_it_has_fewer_tokens() -> None:
    embedder = MiniLmEmbedder()
    text = "Rückversicherungsgesellschaften überprüfen Schadenrückstellungen. " * 7

    (size,) = Ruler(embedder)([text])

    (pieces,) = embedder.count_tokens([text])
    room = embedder.max_tokens - HEADING_TOKENS
    assert size == math.ceil(pieces * CHUNK_TOKENS / room)
    assert size > tokens.count(text)


def test_a_text_at_the_limit_leaves_the_embedder_room_for_title_and_headings() -> None:
    embedder = MiniLmEmbedder()
    text = "wind " * (embedder.max_tokens - HEADING_TOKENS - 2)

    assert Ruler(embedder)([text, text + "wind"]) == [Ruler.limit, Ruler.limit + 2]


def test_an_embedder_that_reads_much_shortens_no_chunk() -> None:
    embedder = HashEmbedder()
    embedder.max_tokens = 8_000
    text = "wind " * 300

    assert embedder.count_tokens([text])[0] > tokens.count(text)
    assert Ruler(embedder)([text]) == [tokens.count(text)]


def test_broken_words_and_control_characters_are_measured_as_they_are_read() -> None:
    ruler = Ruler(HashEmbedder())

    assert ruler(["exam\x02\r\nple\x00", "lone \ud800"]) == ruler(["example", "lone \ud800"])
