import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.claims import find_claims, finished_claims, settled
from rag.domain import Span

PIECES = [
    *("Mixtral has 8 experts", "it uses 12.9 billion of them", "See Dr. Smith", "Yes", "So"),
    *(".", "?", ":", " ", " ", " ", "\n", "\n", "\n\n", "\r\n", "  \n", "!", ",", "“", "”", '"'),
    *(" [1]", "[2]", " [1][2]", "[1](u)", " [", "[3", "- ", "1. ", "  - ", "* ", "# ", "## Head"),
    *("**", "**Bold**", "**Bold.**", "`", "```\n", "```", "`x[1]`", "---\n", "===", "> ", "|"),
    *("| a | b |\n", "|---|---|\n", "| c | 4 [1] |\n", "31. März", "Sources:\n", "Here are", "the"),
    *(
        "The documents do not say: how many?",
        "Sure, ",
        "1",
        "-",
        "a word or two that makes it long ",
    ),
]
ANSWERS = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)


def texts(answer: str) -> list[str]:
    return [statement.text for statement in find_claims(answer)]


def spans(answer: str) -> list[str]:
    return [answer[each.span.start : each.span.end] for each in find_claims(answer)]


@given(ANSWERS)
def test_statements_are_in_order_within_the_text_and_say_something(answer: str) -> None:
    covered = 0
    for statement in find_claims(answer):
        span = statement.span
        assert covered <= span.start < span.end <= len(answer)
        assert answer[span.start : span.end].strip() == answer[span.start : span.end]
        assert statement.text == " ".join(statement.text.split()) != ""
        assert statement.text.startswith(statement.lead)
        covered = span.end


@given(ANSWERS, st.integers(0, 200))
def test_what_is_settled_stays_whatever_follows(answer: str, cut: int) -> None:
    prefix = answer[: min(cut, len(answer))]
    sure = settled(prefix)

    later = [each for each in find_claims(answer) if each.span.end <= sure]

    assert 0 <= sure <= len(prefix)
    assert [each for each in find_claims(prefix) if each.span.end <= sure] == later
    assert find_claims(prefix[:sure]) == later


def test_statements_are_settled_while_an_answer_is_written() -> None:
    answer = "Mixtral has 8 experts [1]. It is open. [2] More follows"

    assert [answer[: settled(answer[:cut])] for cut in (26, 30, 39, 43, 48)] == [
        "",
        "Mixtral has 8 experts [1].",
        "Mixtral has 8 experts [1].",
        "Mixtral has 8 experts [1].",
        "Mixtral has 8 experts [1]. It is open. [2]",
    ]


@pytest.mark.parametrize(
    ("answer", "sure"),
    [
        ("- a b\n- c d\n- e", "- a b\n"),
        ("| a | b |\n|---|---|\n| c | 4 |\n| d", "| a | b |\n|---|---|\n| c | 4 |\n"),
        ("| a | b |\n", ""),
        ("One.\n\nTwo", "One.\n"),
        ("“One. Two. Three” [1]", ""),
        ("- **Prices**\n", ""),
        ("One.\n\n```\nx = 1\n", "One.\n"),
    ],
)
def test_blocks_are_settled_when_the_next_one_is_sure(answer: str, sure: str) -> None:
    assert answer[: settled(answer)] == sure


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Mixtral has experts [1]. It also", ["Mixtral has experts."]),
        ("Mixtral", []),
        ("Mixtral has experts [1].", ["Mixtral has experts."]),
        ("Mixtral has experts. [1]\n", ["Mixtral has experts."]),
        ("It works. Aurelia sold 48.", ["It works."]),
        ("It works. Aurelia sold 48. [1]", ["It works.", "Aurelia sold 48."]),
        ("It works. It grew approx.", ["It works."]),
        ("Mixtral has experts [1].\n\n**It also", ["Mixtral has experts."]),
        ("- Nemo has twelve\n- Large has", ["Nemo has twelve"]),
        ("- Nemo has twelve\n- Large has more\n", ["Nemo has twelve", "Large has more"]),
        ("It works.\n\nIt also\n", ["It works."]),
        ("| a | b |\n|---|---|\n| c | 1 |\n| d | 2 |", ["a: c; b: 1"]),
        ("It works:\n\n```\nprint", []),
    ],
)
def test_the_sentence_in_which_an_answer_breaks_off_states_nothing(
    answer: str, said: list[str]
) -> None:
    assert [claim.text for claim in finished_claims(answer)] == said


def test_sentences_have_the_markers_that_follow_them() -> None:
    answer = "It has 8 experts [1]. It is open. [2][3] All of it.[1] As [2] says, it is fast."

    statements = find_claims(answer)

    assert spans(answer) == [
        "It has 8 experts [1].",
        "It is open. [2][3]",
        "All of it.[1]",
        "As [2] says, it is fast.",
    ]
    assert [each.numbers for each in statements] == [(1,), (2, 3), (1,), (2,)]
    assert statements[1].text == "It is open."
    assert find_claims("[2] says so.")[0].span == Span(0, 12)


def test_a_marker_that_is_the_subject_begins_its_sentence() -> None:
    assert spans("It is open. [2] says that it is free.") == [
        "It is open.",
        "[2] says that it is free.",
    ]


def test_items_are_read_below_what_introduces_them() -> None:
    answer = (
        "Revenue by segment [2]:\n"
        "- Consumer: $5 million\n"
        "- Business: $6 million [1]. It grew.\n"
        "1. **Cloud**\n"
        "   - US: 3 million\n\n"
        "It was a good year."
    )

    assert [(each.text, each.numbers) for each in find_claims(answer)] == [
        ("Revenue by segment: Consumer: $5 million", (2,)),
        ("Revenue by segment: Business: $6 million.", (1,)),
        ("Revenue by segment: It grew.", (2,)),
        ("Revenue by segment: Cloud: US: 3 million", (2,)),
        ("It was a good year.", ()),
    ]
    assert spans(answer)[1] == "Business: $6 million [1]."
    assert find_claims(answer)[3].lead == "Revenue by segment: Cloud:"


@pytest.mark.parametrize(
    "lead",
    ["Here is what I found:", "The documents say:", "Voici ce que disent les documents :"],
)
def test_a_lead_about_the_documents_is_left_out(lead: str) -> None:
    assert texts(f"{lead}\n\n- It is open [1].") == ["It is open."]


def test_a_lead_says_what_it_shows() -> None:
    assert texts("Here are the prices of 2022:\n- Small: $1") == ["the prices of 2022: Small: $1"]


def test_a_row_of_a_table_is_read_with_the_heads_of_its_columns() -> None:
    answer = (
        "| Model | Price [3] | |\n"
        "|:--|--:|---|\n"
        "| **Small** | $0.15 [1] | - |\n"
        "| Large \\| XL | $0.50 | `max` |\n"
        "| Others | | |\n"
    )

    assert spans(answer) == ["| **Small** | $0.15 [1] | - |", "| Large \\| XL | $0.50 | `max` |"]
    assert [(each.text, each.numbers) for each in find_claims(answer)] == [
        ("Model: Small; Price: $0.15", (1,)),
        ("Model: Large | XL; Price: $0.50; max", (3,)),
    ]


def test_rows_without_heads_are_statements_too() -> None:
    assert texts("| Small | $0.15 |\n| Large | $0.50 |") == ["Small; $0.15", "Large; $0.50"]


def test_a_quotation_is_one_statement() -> None:
    answer = (
        "“It uses 12.9 billion. For each token (3).” [1]\n\n"
        "“How many? Twelve.” [2]\n\n"
        "“A.” [1] B c."
    )

    assert spans(answer)[:2] == [
        "“It uses 12.9 billion. For each token (3).” [1]",
        "“How many? Twelve.” [2]",
    ]
    assert texts(answer)[:2] == [
        "It uses 12.9 billion. For each token (3).",
        "How many? Twelve.",
    ]


def test_a_sentence_goes_on_over_the_lines_of_a_paragraph() -> None:
    answer = (
        "The company that is named here sold more than it had ever sold before in\n"
        "Europe and\nAsia\n[1]\n> It was said so.\n"
    )

    assert texts(answer) == [
        "The company that is named here sold more than it had ever sold before in Europe and Asia",
        "It was said so.",
    ]


def test_lines_of_their_own_are_statements_of_their_own() -> None:
    assert texts("Name: Mixtral\nExperts: 8\nLicence: Apache  \nopen") == [
        "Name: Mixtral",
        "Experts: 8",
        "Licence: Apache",
        "open",
    ]


def test_marks_of_markdown_are_no_part_of_what_is_said() -> None:
    said = "**Note:** the [guide](http://x.y/z) says that *a_b* costs `5`<br>or \\$6, 2 * 3 [1]."

    assert texts(said) == ["Note: the guide says that a_b costs 5 or $6, 2 * 3."]


@pytest.mark.parametrize(
    "answer",
    [
        "# A heading",
        "**A heading**",
        "A heading\n---",
        "What is it?",
        "Was ist das? ¿Qué es? これは何ですか？",
        "The prices are:",
        "Les prix sont :",
        "```py\nIt has 8 experts.\n```",
        "~~~\nIt has 8 experts.",
        "Sure, here is what I found!",
        "Bonjour ! Voici ce que disent les documents.",
        "The documents do not say: how many experts has Mixtral 8x7B?",
        "Sources [1] and [2] disagree.",
        "Sources:\n[1] guide.pdf\n[2] other.pdf",
        "## References\n- guide.pdf, page 3",
        "[1]: guide.pdf",
        "Source: guide.pdf, page 3",
        "[1][2]",
        "...",
        "1.",
        "| a | b |\n|---|---|",
        "",
    ],
)
def test_what_states_nothing_is_no_claim(answer: str) -> None:
    assert find_claims(answer) == []


def test_what_stands_beside_an_aside_is_a_claim() -> None:
    assert texts(
        "Yes, the price is $5 [1], but the documents do not say since when. I hope this helps!"
    ) == ["the price is $5"]


@pytest.mark.parametrize(
    ("answer", "claims"),
    [
        ("Das kostet 5 €. Bis 31. März gilt es [1].", 2),
        ("Cela coûte 5 €. C'est vrai [1] !", 2),
        ("Cuesta 5 €. ¡Es cierto!", 2),
        ("价格是五元。它是开放的。", 2),
        ("**Paris.**", 1),
        ("**Paris** [1]", 1),
        ("- **Small**\n- **Large**", 2),
    ],
)
def test_claims_are_counted_in_other_languages_and_forms(answer: str, claims: int) -> None:
    assert len(find_claims(answer)) == claims


@pytest.mark.parametrize(
    "piece",
    [" ", "\n", "a. ", "- a\n", "| a | b |\n", "“", "**", "> ", "[1]", "`", "a b\n", "but, "],
)
def test_a_hundred_kilobytes_of_anything_are_read_fast(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + "x"
    started = time.monotonic()

    find_claims(text)
    settled(text)

    assert time.monotonic() - started < 8
