"""What is embedded of a chunk: its words, below what they stand under."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from rag.domain import Page
from rag.folding import flowing
from rag.intake import Chunk
from rag.store.rows import StoredChunk, storable

LONGEST_HEADER = 120  # characters of title and headings that are embedded with a chunk
HASH_BYTES = 16


def embedded_text(title: str, heading: Sequence[str], text: str, header: str = "") -> str:
    """What is embedded for a chunk: its title and headings, its table's header, then its words."""
    above = " · ".join(dict.fromkeys([title, *heading]))[:LONGEST_HEADER]
    return storable("\n".join(filter(None, [above, header, flowing(text)])))


def text_within(title: str, chunk: Chunk, text: str) -> str:
    """What is embedded for a chunk of a document with a title; `text` is the chunk's own."""
    return embedded_text(title, chunk.heading, text, chunk.header)


def texts_within(title: str, chunks: Sequence[Chunk], pages: Sequence[Page]) -> list[str]:
    """What is embedded for each chunk of a document with a title and these pages."""
    texts = {page.number: page.text for page in pages}
    return [
        text_within(title, chunk, texts[chunk.page][chunk.start : chunk.end]) for chunk in chunks
    ]


def text_of(chunk: StoredChunk) -> str:
    """What is embedded for a chunk of the library."""
    return text_within(chunk.document.title, chunk.chunk, chunk.text)


def hash_of(text: str) -> bytes:
    """What tells one embedded text from another."""
    return hashlib.sha256(text.encode()).digest()[:HASH_BYTES]
