import pytest

from rag.blocks import Kind, blocks_of, flat


def kinds(text: str) -> list[tuple[str, str]]:
    return [(block.kind, text[block.span.start : block.span.end]) for block in blocks_of(text)]


def test_blocks_are_told_by_their_first_characters() -> None:
    text = "# Head\n- one\n  1) two\n***\n| a | b |\n|---|---|\n| c | d |\ntext\n```\nx\n```\nmore"

    assert kinds(text) == [
        (Kind.HEADING, "Head"),
        (Kind.ITEM, "one"),
        (Kind.ITEM, "two"),
        (Kind.RULE, "***"),
        (Kind.HEAD, "| a | b |"),
        (Kind.DIVIDER, "|---|---|"),
        (Kind.ROW, "| c | d |"),
        (Kind.PROSE, "text"),
        (Kind.CODE, "```\nx\n```"),
        (Kind.PROSE, "more"),
    ]
    assert [block.indent for block in blocks_of(text)][1:3] == [0, 2]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("It goes on\nin small letters", 1),
        ("It is said of\nParis", 1),
        ("A line of more than sixty characters is one that was wrapped by somebody\nHere", 1),
        ("It is so\n[1][2]", 1),
        ("Name: Mixtral\nExperts: 8", 2),
        ("It is so.\nIt is.", 2),
        ("These are:\nthose", 2),
        ("It is so  \nor not", 2),
        ("It is\n\nso", 2),
        ("It is\n> so", 2),
        ("> It is\n> so", 1),
        ("> It is\n>\n> so", 2),
    ],
)
def test_a_line_goes_on_where_a_reader_says(text: str, blocks: int) -> None:
    assert len(blocks_of(text)) == blocks


def test_a_block_is_read_on_one_line_with_its_characters_in_place() -> None:
    text = "> It is\r\n> so"
    (block,) = blocks_of(text)

    assert flat(text, block) == "It is    so"
    assert text[block.span.start : block.span.end] == "It is\r\n> so"


def test_a_line_drawn_under_a_line_makes_it_a_heading() -> None:
    assert kinds("Prices\n===\nIt is so.\n---") == [
        (Kind.HEADING, "Prices"),
        (Kind.PROSE, "It is so."),
        (Kind.RULE, "---"),
    ]
