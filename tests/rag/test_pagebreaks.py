from rag.domain import Span
from rag.pagebreaks import align_across

FIRST = (
    "The report begins here. It was a dry year in the south.\n"
    "The harvest of olives in the three northern valleys was the largest that had been\n"
    "12\nReport of the mills\n"
)
SECOND = "Report of the mills\nseen since the great frost of 1956. Mills ran day and night.\n"


def quoted(parts: tuple[tuple[int, Span], ...], pages: list[str]) -> list[tuple[int, str]]:
    return [(page, pages[page][span.start : span.end]) for page, span in parts]


def test_a_sentence_that_goes_on_on_the_next_page_has_two_parts() -> None:
    pages = [FIRST, SECOND]

    parts = align_across("The olive harvest was the largest since the frost of 1956.", pages)

    assert quoted(parts, pages) == [
        (
            0,
            "The harvest of olives in the three northern valleys was the largest that had been",
        ),
        (1, "seen since the great frost of 1956."),
    ]


def test_a_sentence_of_one_page_has_one_part() -> None:
    pages = ["Nothing here.", FIRST, SECOND]

    parts = align_across("Mills ran by day and by night.", pages)

    assert quoted(parts, pages) == [(2, "Mills ran day and night.")]


def test_a_word_broken_at_the_end_of_a_page_is_one_word() -> None:
    pages = ["A line of text.\nThey were sent by the inter-", "national office of posts. More."]

    parts = align_across("They were sent by the international office of posts", pages)

    assert [page for page, _ in parts] == [0, 1]


def test_the_number_of_a_page_is_no_word_of_a_sentence_that_goes_on() -> None:
    first = (
        "The report begins here, and the keeper of the register has read it as a whole.\n"
        "Every boat that is laid up in the harbour for the winter is subject to a\n6"
    )
    second = "7\nfee of forty marks, which is paid before the first of November. More follows."
    claim = "Boats laid up for the winter are subject to a fee of forty marks."

    parts = align_across(claim, [first, second])

    assert quoted(parts, [first, second]) == [
        (0, "Every boat that is laid up in the harbour for the winter is subject to a"),
        (1, "fee of forty marks, which is paid before the first of November."),
    ]


def test_what_no_page_says_is_a_guess_on_one_of_them() -> None:
    assert len(align_across("Völlig anderes.", [FIRST, SECOND])) == 1
