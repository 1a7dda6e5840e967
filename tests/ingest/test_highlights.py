from ingest.boxes import Rectangle
from ingest.highlights import word_rectangles
from rag.intake import WordBox

TEXT = "forty-one boats\nin winter\n\nNobody"
WORDS = (
    WordBox(0, 9, 0.1, 0.10, 0.3, 0.12),
    WordBox(10, 15, 0.32, 0.11, 0.4, 0.13),
    WordBox(16, 18, 0.1, 0.15, 0.12, 0.17),
    WordBox(19, 25, 0.14, 0.15, 0.3, 0.17),
    WordBox(27, 33, 0.1, 0.25, 0.3, 0.27),
)


def test_words_of_a_line_share_a_rectangle() -> None:
    assert word_rectangles(TEXT, WORDS, 0, 25) == [
        Rectangle(0.1, 0.10, 0.4, 0.13),
        Rectangle(0.1, 0.15, 0.3, 0.17),
    ]


def test_a_word_is_covered_whole() -> None:
    assert word_rectangles(TEXT, WORDS, 12, 13) == [Rectangle(0.32, 0.11, 0.4, 0.13)]


def test_between_words_is_nothing() -> None:
    assert word_rectangles(TEXT, WORDS, 15, 16) == []
    assert word_rectangles(TEXT, (), 0, 25) == []
