"""The sentences of a passage, where the rows of its tables are known: each row in one piece."""

from __future__ import annotations

from rag.domain import Passage, Span
from rag.sentences import split_sentences, trimmed


def sentences_of(passage: Passage) -> list[Span]:
    """The sentences of a passage, as `split_sentences` tells them, in the order of its text.

    A row that was told apart when the document was read is one sentence, over however many lines
    it goes, and has nothing of the lines beside it: what of a sentence stands around a row is by
    itself.
    """
    sentences = split_sentences(passage.text)
    if not passage.rows:
        return sentences
    rows = [trimmed(passage.text, span.start, span.end) for span, _, _ in passage.rows]
    rows = [row for row in rows if row.start < row.end]
    pieces, at = list(rows), 0
    for sentence in sentences:
        while at < len(rows) and rows[at].end <= sentence.start:
            at += 1
        begin, following = sentence.start, at
        while following < len(rows) and rows[following].start < sentence.end:
            pieces.append(trimmed(passage.text, begin, rows[following].start))
            begin = max(begin, rows[following].end)
            following += 1
        pieces.append(trimmed(passage.text, begin, sentence.end))
    kept = (piece for piece in pieces if piece.start < piece.end)
    return sorted(kept, key=lambda piece: piece.start)
