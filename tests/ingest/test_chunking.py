from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import chunking
from ingest.graphemes import is_boundary
from ingest.loaded import Heading
from rag import tokens
from rag.domain import Page, PageState
from rag.folding import readable
from rag.intake import Chunk

LIMIT = 40


def _words_and_marks(texts: Sequence[str]) -> list[int]:
    """A measure with two special tokens a text, as an embedder's is."""
    return [2 + count for count in tokens.count_tokens(texts)]


def _pages(*texts: str) -> list[Page]:
    pages, offset = [], 0
    for number, text in enumerate(texts, 1):
        pages.append(Page(number, str(number), text, offset))
        offset += len(text)
    return pages


def _split(*texts: str, headings: Sequence[Heading] = (), limit: int = LIMIT) -> list[Chunk]:
    return chunking.split(_pages(*texts), headings, _words_and_marks, limit)


def _spans(chunks: Sequence[Chunk], text: str) -> list[str]:
    return [text[chunk.start : chunk.end] for chunk in chunks]


def test_a_short_page_is_one_chunk_without_white_space_around_it() -> None:
    text = "\r\n  One line.\r\nAnother.\r\n "

    (chunk,) = _split(text)

    assert text[chunk.start : chunk.end] == "One line.\r\nAnother."
    assert chunk == Chunk(1, 4, 23, (), tokens.count("One line.\nAnother."))


def test_chunks_stay_on_their_page_and_pages_without_text_have_none() -> None:
    pages = [
        *_pages("First.", "Second."),
        Page(3, "3", " typed on a scan ", 13, PageState.NEEDS_OCR),
        Page(4, "4", "", 30, PageState.NEEDS_OCR),
        Page(5, "5", " damaged? ", 30, PageState.FAILED),
    ]

    chunks = chunking.split(pages, [], _words_and_marks, LIMIT)

    assert [chunk.page for chunk in chunks] == [1, 2, 3]


def test_a_page_read_by_ocr_is_cut_like_any_other() -> None:
    text = "A scanned page.\n" * 30

    chunks = chunking.split([Page(1, "1", text, 0, PageState.OCR)], [], _words_and_marks, LIMIT)

    assert [chunk.start for chunk in chunks] == [chunk.start for chunk in _split(text)]


def test_table_rows_are_never_cut() -> None:
    rows = [f"Revenue in {year}   1,234   5,678   {year}" for year in range(2000, 2020)]

    spans = _spans(_split("\r\n".join(rows)), "\r\n".join(rows))

    assert len(spans) > 5
    assert [row for span in spans for row in span.split("\r\n")] == rows


def test_chunks_are_even_rather_than_full_with_a_rest() -> None:
    text = "\n".join(f"word{n} and some more of the same" for n in range(6))

    sizes = [chunk.tokens for chunk in _split(text)]

    assert min(sizes) > LIMIT // 3


def test_a_chunk_begins_at_a_heading_and_not_just_after_it() -> None:
    body = "This sentence stands here to fill the section with enough words to matter."
    text = f"# One\n\n{body}\n{body}\n\n# Two\n\n{body}\n{body}"
    headings = [Heading(1, "One", 1, 0), Heading(1, "Two", 1, text.index("# Two"))]

    chunks = _split(text, headings=headings)

    starts = [span.split("\n")[0] for span in _spans(chunks, text)]
    assert starts == ["# One", "# Two"]
    assert [chunk.heading for chunk in chunks] == [("One",), ("Two",)]


def test_the_heading_path_goes_on_over_pages() -> None:
    headings = [
        Heading(1, "Guide", 1, 0),
        Heading(2, "Prices", 1, 6),
        Heading(2, "Limits", 3),
        Heading(1, "Annex", 4, 8),
    ]

    chunks = _split("Guide\nPrices", "Ten.", "Twelve.", "Before\n\nAnnex", headings=headings)

    assert [chunk.heading for chunk in chunks] == [
        ("Guide",),
        ("Guide", "Prices"),
        ("Guide", "Limits"),
        ("Guide", "Limits"),
    ]


def test_a_heading_without_a_place_leaves_its_page_to_the_one_above() -> None:
    headings = [Heading(1, "One", 1, 0), Heading(1, "Somewhere", 1), Heading(2, "Inside", 3)]

    chunks = _split("One", "Two", "Three", headings=headings)

    assert [chunk.heading for chunk in chunks] == [
        ("One",),
        ("Somewhere",),
        ("Somewhere", "Inside"),
    ]


def test_a_long_line_is_cut_between_sentences() -> None:
    sentences = [f"This is sentence number {number} of the line." for number in range(20)]
    text = " ".join(sentences)

    spans = _spans(_split(text), text)

    assert len(spans) > 4
    assert all(span.startswith("This") and span.endswith("line.") for span in spans)


def test_a_language_without_spaces_is_cut_at_its_sentences() -> None:
    text = "これは一つの文です。" * 60

    spans = _spans(_split(text), text)

    assert "".join(spans) == text
    assert all(span.endswith("。") for span in spans)


@pytest.mark.parametrize("sentence", ["ภาษาไทยไม่มีช่องว่างระหว่างคำ", "汉字之间没有空格", "שלום עולם "])
def test_every_writing_is_cut_within_the_limit(sentence: str) -> None:
    text = sentence * 80

    chunks = _split(text)

    assert "".join(_spans(chunks, text)).replace(" ", "") == text.replace(" ", "")
    assert max(_words_and_marks(_spans(chunks, text))) <= LIMIT
    assert min(chunk.tokens for chunk in chunks[:-1]) > LIMIT // 4


def test_characters_made_of_several_stay_whole() -> None:
    text = "e\u0301" * 400 + "👩\u200d🚀" * 50 + "🇫🇷" * 200

    chunks = _split(text)

    assert len(chunks) > 5
    assert all(is_boundary(text, chunk.start) for chunk in chunks)


def test_a_page_of_one_huge_run_is_cut_quickly() -> None:
    chunks = _split("x" * 20_000, "- \n" * 7_000)

    assert len(chunks) > 100


@pytest.mark.parametrize(
    "page",
    ["a" + " " * 1_000_000 + "b", "\n" * 1_000_000, "e" + "\u0301" * 20_000, "🇫🇷" * 20_000,
     ". " * 5_000, ".'" * 5_000, "word " * 40_000, "\ud800" * 5_000],
)  # fmt: skip
def test_odd_pages_are_cut_in_a_moment(page: str) -> None:
    began = time.process_time()

    chunks = _split(page, limit=320)

    assert time.process_time() - began < 10
    assert sum(len(span.split()) for span in _spans(chunks, page)) >= len(page.split())
    assert all(span == span.strip() != "" for span in _spans(chunks, page))


def test_a_list_item_is_not_cut_when_the_list_can_be_cut_between_items() -> None:
    item = (
        "• first the one thing is said in\na second line of words and then\na third line of them\n"
    )
    text = "An introduction of the list:\n" + item * 9

    spans = _spans(_split(text, limit=60), text)

    assert len(spans) > 2
    assert spans[0].startswith("An introduction of the list:\n•")
    assert all(span.startswith("•") for span in spans[1:])


def test_a_line_that_introduces_a_list_stays_with_it() -> None:
    words = "These are words of a paragraph that goes before and fills the chunk\n" * 2
    text = words + "Bring these along to the station:\n" + "- a lamp and a rope and a map\n" * 4

    spans = _spans(_split(text), text)

    assert any(span.startswith("Bring these along to the station:\n- a lamp") for span in spans)


def test_a_word_that_goes_on_in_the_next_line_is_not_cut() -> None:
    text = "\n".join(f"there are many words before the in\x02\nstruction {n}" for n in range(30))

    spans = _spans(_split(text), text)

    assert len(spans) > 5
    assert not any(span.endswith("\x02") for span in spans)


PARTS = st.sampled_from(
    ["Title Words", "Item 1. Business", "a sentence. ", "word ", "1,234 ", "\r\n", "\n", "\n\n",
     "\t", "漢字。", "e\u0301", "👩\u200d🚀", "\x02", "\u2028", "x" * 70, " " * 30, "\x1c"]
)  # fmt: skip
TEXTS = st.lists(st.lists(PARTS, max_size=80).map("".join), max_size=3)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(16, 120), st.lists(st.tuples(st.integers(1, 3), st.integers(0, 200))))
def test_every_visible_character_is_in_one_chunk_within_the_limit(
    texts: list[str], limit: int, places: list[tuple[int, int]]
) -> None:
    headings = [Heading(1, f"H{page}.{start}", page, start) for page, start in sorted(places)]

    chunks = _split(*texts, headings=headings, limit=limit)

    assert chunks == _split(*texts, headings=headings, limit=limit)
    assert chunks == sorted(chunks, key=lambda chunk: (chunk.page, chunk.start))
    for number, text in enumerate(texts, 1):
        spans = [(chunk.start, chunk.end) for chunk in chunks if chunk.page == number]
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        covered = {index for start, end in spans for index in range(start, end)}
        assert all(index in covered or text[index].isspace() for index in range(len(text)))
    for chunk in chunks:
        span = texts[chunk.page - 1][chunk.start : chunk.end]
        assert span == span.strip() != ""
        assert _words_and_marks([span])[0] <= limit
        assert chunk.tokens == tokens.count(readable(span))


def test_pieces_that_measure_more_together_than_alone_are_cut_again() -> None:
    def jealous(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 5 * text.count("\n") for text in texts]

    text = "\n".join(f"line {number} here" for number in range(30))

    chunks = chunking.split(_pages(text), [], jealous, 20)

    spans = _spans(chunks, text)
    assert max(jealous(spans)) <= 20
    assert [line for span in spans for line in span.split("\n")] == text.split("\n")
