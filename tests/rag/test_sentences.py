import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import split_sentences

TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(".!?…。」\"')]([ \n\r\t|-•1234567890,%$abAB\x02\u2028\x85"),
    )
)


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@given(TEXTS)
def test_sentences_are_in_order_and_miss_no_character(text: str) -> None:
    spans = split_sentences(text)

    covered = 0
    for span in spans:
        assert covered <= span.start < span.end <= len(text)
        assert not text[covered : span.start].strip()
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        covered = span.end
    assert not text[covered:].strip()


@pytest.mark.parametrize("text", ["", " ", "\n\r\n", "\t \u00a0\u2003"])
def test_nothing_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith et al. saw it, cf. Fig. 3 in the U.S. report.",
        "It reads e.g. tables, i.e. rows of figures.",
        "Mixtral has 46.7 billion parameters at www.mistral.ai today.",
        "Die Abs. 3 und 4, z.B. der Nr. 7, gelten.",
        "Bis 31. März und seit dem 2. April galt z. B. dies, d. h. Nr. 3.",
        "Im 19. Jahrhundert, Ende des 2. Weltkriegs und vor 12. Jahrhunderten.",
        "SG&A decreased to 23.5% compared to\n23.9% in fiscal 2021, primarily due to costs.",
        "This decreased operating cash flow by\n$623 million in 2022, and more besides it.",
        "Selon M. Dupont et Mme. Durand, c'est vrai.",
        "Apple Inc. sold more.",
        "J. R. R. Tolkien wrote it.",
        "It was paid ... at last.",
        'He asked "why?" and left.',
    ],
)
def test_a_stop_inside_a_sentence_ends_nothing(text: str) -> None:
    if "why?" in text:
        assert "".join(sentences(text)).replace(" ", "") == text.replace(" ", "")
    else:
        assert sentences(text) == [text]


@pytest.mark.parametrize(
    "opening", ["Dr. Smith came.", "E.g. this one.", "1. Install the package."]
)
def test_an_abbreviation_or_number_that_begins_a_line_ends_nothing(opening: str) -> None:
    assert sentences(f"A first paragraph.\n\n{opening} Then more.")[1] == opening


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four…", ["One.", "Two!", "Three?", "Four…"]),
        ('He said "no." She left.', ['He said "no."', "She left."]),
        ("It is so (mostly). Is it?", ["It is so (mostly).", "Is it?"]),
        ("Twelve billion.[1][2] More.", ["Twelve billion.[1][2]", "More."]),
        ("C'est vrai. À Paris, non.", ["C'est vrai.", "À Paris, non."]),
        ("Das stimmt. Über uns.", ["Das stimmt.", "Über uns."]),
        ("Es sind 31. Das reicht.", ["Es sind 31.", "Das reicht."]),
        ("I am 31. He is 12. March on.", ["I am 31.", "He is 12.", "March on."]),
        ("¿Cuántos hay? Doce.", ["¿Cuántos hay?", "Doce."]),
        ("これは本です。次の文。", ["これは本です。", "次の文。"]),
        ("彼は「はい。」と言った。", ["彼は「はい。」", "と言った。"]),
        ("यह सच है। वह नहीं।", ["यह सच है।", "वह नहीं।"]),
        ("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟", "نعم."]),
    ],
)
def test_sentences_end_where_a_reader_says(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_sentence_goes_on_over_the_lines_of_a_paragraph() -> None:
    text = (
        "Mixtral 8x7B is a sparse mixture of\r\nexperts model with eight experts in\r\neach layer."
    )

    assert sentences(text) == [text]


def test_a_blank_line_and_a_heading_begin_anew() -> None:
    text = (
        "Prices of the models\n"
        "The prices of all of the models are given in dollars for a million tokens\n"
        "and do not include any tax.\n\n"
        "They may change"
    )

    assert sentences(text) == [
        "Prices of the models",
        "The prices of all of the models are given in dollars for a million tokens\n"
        "and do not include any tax.",
        "They may change",
    ]


def test_rows_of_a_table_are_sentences() -> None:
    rows = ["Model  Input  Output", "Small $ 0.15 $ 0.60", "Large $ 0.50 $ 1.50"]

    assert sentences("\n".join(rows)) == rows


def test_rows_of_a_markdown_table_are_sentences() -> None:
    rows = ["| Model | Price |", "|---|---|", "| Small | 0.15 |", "| Large | 0.50 |"]

    assert sentences("\n".join(rows)) == rows


def test_rows_of_two_cells_are_sentences() -> None:
    rows = ["plan | calls", "free | 120", "team | 5400"]

    assert sentences("\n".join(rows)) == rows


def test_lines_with_labels_are_sentences_and_may_go_on_below() -> None:
    first, second = "server.name: Kestrel", "Address: 4 Harbour Street,\nPort Kestrel"

    assert sentences(f"{first}\nserver.port: 8443\n{second}\nNote: none") == [
        *(first, "server.port: 8443", second, "Note: none")
    ]


def test_list_items_are_sentences() -> None:
    items = ["- a short one", "- another that is longer", "* third", "2) fourth", "• fifth"]

    assert sentences("\n".join(items)) == items


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "\n",
        "1",
        "a ",
        "a:",
        "a: b\n",
        "a | b\n",
        "[",
        ".",
        ".)",
        "! ",
        ". b",
        "a. ",
        "1,234 5,678\n",
        "|",
        "。",
        "A b\n",
        "(",
    ],
)
def test_a_megabyte_of_anything_is_split_fast(piece: str) -> None:
    text = piece * (1_000_000 // len(piece)) + "x"
    started = time.monotonic()

    split_sentences(text)

    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    "sentence",
    [
        "The mast was repaired by rigger\nOlof Nyberg on 3 May 2021.",
        "The mast was repaired by rigger Olof Nyberg on 3 May 2021\nwith great care.",
        "The keel was laid by the owner on\nMay 3, 2021 and is of oak.",
        "The bell is kept in the house of\nMara Lind.",
        "The pilots carried the anchor to\nPort Kestrel.",
    ],
)
@pytest.mark.parametrize("before", ["SURVEY", "A line of the page that is much longer " * 3])
def test_a_narrow_sentence_goes_on_before_a_capital_and_a_date(sentence: str, before: str) -> None:
    assert sentences(f"{before.strip()}\n\n{sentence}\n") == [before.strip(), sentence]


def test_a_heading_that_asks_does_not_go_on_below() -> None:
    text = "What is new in the harbour\nTwo cranes were put up.\n\n" + "A longer line. " * 8

    assert sentences(text)[:2] == ["What is new in the harbour", "Two cranes were put up."]


def test_heads_of_columns_with_dates_are_rows() -> None:
    lines = ["The table has what was earned:", "May 26, 2019 May 27, 2018", "Sales 12 14"]

    assert sentences("\n".join(lines)) == lines


@pytest.mark.parametrize(
    "lines",
    [
        ["HARBOUR CAFE", "Quay Street 4", "Port Kestrel", "Coffee 2.50", "Apple cake 3.20"],
        ["Olof Nyberg", "Harbour Street 4", "0123 Port Kestrel", "Tel 555 1234"],
        ["Coffee large 2.50 EUR", "Apple cake 3.20 EUR", "We were glad to have you."],
    ],
)
def test_short_lines_of_a_receipt_or_an_address_are_for_themselves(lines: list[str]) -> None:
    assert sentences("\n".join(lines)) == lines


def test_items_with_a_bullet_of_a_font_and_fences_of_code_are_for_themselves() -> None:
    lines = ["\uf0b7 the fee is", "\uf0a7 the slipway closes at", "```python", "limit = 12", "```"]

    assert sentences("\n".join(lines)) == lines


def test_a_narrow_paragraph_goes_on_before_a_capital_beside_wider_ones() -> None:
    wide = "The committee of the harbour keeps a list of all the works that were carried out."
    narrow = "The mast was repaired by rigger\nOlof Nyberg in the spring."
    text = f"{wide}\n\n{narrow}\n"

    assert [text[span.start : span.end] for span in split_sentences(text)] == [wide, narrow]


@pytest.mark.parametrize("sign", ["$", "US$", "€", "£"])
@pytest.mark.parametrize("end", ["\n", " \r\n"])
def test_an_amount_is_not_parted_from_its_sign_at_the_end_of_a_line(sign: str, end: str) -> None:
    wide = "The committee of the harbour keeps a list of all the works that were carried out."
    sentence = f"It rose to 4, compared with {sign}{end}3.9 billion in 2022."

    assert sentences(f"{wide}\n\n{sentence}\n") == [wide, sentence]


def test_a_sign_at_the_end_of_a_line_that_no_figure_follows_parts_lines() -> None:
    lines = ["All amounts are in US$", "Tolls and harbour dues"]

    assert sentences("\n".join([*lines, "A longer line of the report. " * 3]))[:2] == lines
