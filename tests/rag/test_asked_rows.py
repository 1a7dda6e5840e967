"""Rows of long tables: found by what a question says of row and column, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.asked_rows import asked_rows
from rag.languages import Language
from rag.store.words import Words
from rag.table_lines import Row, row_of
from tests.rag.desk import Desk, answer_of

ANIMALS = ("Animal", "Species", "Weight kg", "Price", "Keeper")
MONTHS = ("January", "February", "March", "April", "May")
FRENCH_ROWS = [("Lyon", "522 250", "Durand"), ("Nantes", "323 204", "Petit")]


def table() -> str:
    rows = [
        f"Animal {n},{('Dog', 'Cat')[n % 2]},{n + 7},{3 * n}.50,{('Meyer', 'Rossi')[n % 2]}"
        for n in range(1, 201)
    ]
    return "\n".join([",".join(ANIMALS), *rows])


def found(
    question: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    under: str = "",
    language: Language = Language.ENGLISH,
) -> tuple[set[int], set[int]]:
    words = Words()
    given = {at: Row(cells, heads, under) for at, cells in enumerate(rows)}
    asked = asked_rows(question, given, lambda text: words(text, language), language)
    return set(asked.rows), set(asked.siblings)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the price of Animal 150?", "Animal 150 | Dog | 157 | 450.50 | Meyer"),
        ("What does Animal 61 cost?", "Animal 61 | Cat | 68 | 183.50 | Rossi"),
        ("How heavy is Animal 199?", "Animal 199 | Cat | 206 | 597.50 | Rossi"),
        ("Who is the keeper of Animal 7?", "Animal 7 | Cat | 14 | 21.50 | Rossi"),
    ],
)
def test_the_row_of_a_long_table_is_quoted_and_no_other(
    desk: Desk, question: str, answer: str
) -> None:
    desk.add("animals.csv", table())

    text = answer_of(list(desk.reader().ask(question, (), desk.scope))).text

    assert f"“{answer}” [1]" in text
    assert text.count("Animal ") == answer.count("Animal ") + text.count(" | ".join(ANIMALS))


@pytest.mark.parametrize(
    "question",
    [
        "What is the price of Animal 950?",
        "What does Animal 201 cost?",
        "Who is the keeper of Animal 1500?",
    ],
)
def test_a_row_that_is_not_there_is_not_answered_with_another(desk: Desk, question: str) -> None:
    desk.add("animals.csv", table())

    evidence = desk.retriever.retrieve(question, desk.scope, 8).evidence

    assert evidence.score < 0.05
    assert answer_of(list(desk.reader().ask(question, (), desk.scope))).citations == ()


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How many cars were there in January?", {0}),
        ("Number of buses in May?", {4}),
        ("how many cars were counted in may", set()),  # "may" in small letters is no month
        ("How many trams were there in January?", set()),
        ("How many cars were stolen in January?", set()),
        ("Who was president in January?", set()),
        ("How many cars were there in Brumaire?", set()),
        ("How many cars were there?", set()),
    ],
)
def test_a_month_is_asked_for_with_a_column(question: str, asked: set[int]) -> None:
    rows = [(month, "120", "30") for month in MONTHS]

    assert found(question, ("Month", "Cars", "Buses"), rows)[0] == asked


@pytest.mark.parametrize(
    ("question", "asked", "siblings"),
    [
        ("What is the price of AB-1234?", {0}, {1}),
        ("What is AB-1234?", {0}, {1}),
        ("What is the price of AB-4321?", set(), {0, 1}),
        ("What is the price of item 1234?", set(), set()),
    ],
)
def test_a_code_picks_its_row(question: str, asked: set[int], siblings: set[int]) -> None:
    rows = [("AB-1234", "Pump", "5.20"), ("AB-1235", "Pump", "1234"), ("KR-7", "Pump", "4321")]

    assert found(question, ("Code", "Description", "Price"), rows) == (asked, siblings)


def test_a_number_is_looked_for_below_the_word_that_it_numbers() -> None:
    rows = [("150", "Pump", "12"), ("151", "Valve", "150")]

    assert found("What is the price of item 150?", ("Item", "Name", "Price"), rows) == ({0}, {1})


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("What was the revenue in 2013?", {0}),
        ("What was the revenue in 2031?", set()),
        ("How many employees were there in 2014?", {1}),
        ("What was the revenue in 77?", set()),
    ],
)
def test_a_year_is_asked_for_by_itself(question: str, asked: set[int]) -> None:
    rows = [("2013", "124", "61"), ("2014", "2031", "77")]

    assert found(question, ("Year", "Revenue", "Employees"), rows)[0] == asked


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("What is the salary of Anna Schmidt?", {0}),
        ("What is the salary of Anna Weber?", set()),  # the chief of one and the name of another
        ("What is the salary of Schmidt?", {0}),
        ("What is the phone number of Anna Schmidt?", set()),
        ("What is the salary at Acme of Anna Schmidt?", {0}),
        ("What is the salary at Apex of Anna Schmidt?", set()),
    ],
)
def test_a_person_is_asked_for_by_the_whole_name(question: str, asked: set[int]) -> None:
    rows = [("Anna Schmidt", "Weber", "50000"), ("Bernd Weber", "Anna Kern", "60000")]

    assert found(question, ("Name", "Chief", "Salary"), rows, "Acme staff")[0] == asked


def test_what_fits_many_rows_picks_none() -> None:
    rows = [(f"Pump {at}", "5") for at in range(5)]

    assert found("What is the price of a pump?", ("Name", "Price"), rows)[0] == set()
    assert found("What is the price of a pump?", ("Name", "Price"), rows[:3])[0] == {0, 1, 2}


@pytest.mark.parametrize(
    ("question", "language", "heads", "rows", "asked"),
    [
        (
            "Was kostet Artikel 12?",
            Language.GERMAN,
            ("Artikel", "Preis"),
            [("Artikel 11", "3,50 €"), ("Artikel 12", "9,10 €")],
            {1},
        ),
        (
            "Wie viele Autos gab es im Mai?",
            Language.GERMAN,
            ("Monat", "Autos"),
            [("Mai", "400"), ("Juni", "500")],
            {0},
        ),
        (
            "Combien d'habitants a Lyon ?",
            Language.FRENCH,
            ("Ville", "Habitants", "Maire"),
            FRENCH_ROWS,
            {0},
        ),
        (
            "Qui est le maire de Grenoble ?",
            Language.FRENCH,
            ("Ville", "Habitants", "Maire"),
            FRENCH_ROWS,
            set(),
        ),
    ],
)
def test_rows_are_asked_for_in_german_and_french(
    question: str,
    language: Language,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    asked: set[int],
) -> None:
    assert found(question, heads, rows, language=language)[0] == asked


def test_a_row_without_borders_is_named_by_its_beginning() -> None:
    head = "Animal | Weight | Price"
    lines = ["Animal 15 40 150.00", "Animal 150 61 12.50", "Animal 16 150 15.00"]
    rows = [row_of(line, head, "") for line in lines]
    words = Words()
    given = {at: row for at, row in enumerate(rows) if row}

    asked = asked_rows("Price of Animal 150?", given, words, Language.ENGLISH)

    assert len(given) == 3
    assert (set(asked.rows), set(asked.siblings)) == ({1}, {0, 2})


def test_rows_below_a_line_of_words_are_found_in_plain_text(desk: Desk) -> None:
    rows = "\n".join(f"{month} {at + 1}00 {at + 40}" for at, month in enumerate(MONTHS))
    desk.add("traffic.txt", f"Month Cars Buses\n{rows}\n")

    text = answer_of(list(desk.reader().ask("How many cars in March?", (), desk.scope))).text

    assert text == "“March 300 42” [1]"


def test_an_empty_cell_answers_nothing() -> None:
    assert found("What is the price of Kiwi?", ("Name", "Price"), [("Kiwi", "")])[0] == set()


PAGES = (
    "animals\nPage 1\nAnimal Species Weight Price\n"
    + "\n".join(f"Animal {n} {('Dog', 'Cat')[n % 2]} {n + 7} {3 * n}.50" for n in range(1, 61))
    + "\n\nPage 2\n"
    + "\n".join(f"Animal {n} {('Dog', 'Cat')[n % 2]} {n + 7} {3 * n}.50" for n in range(61, 121))
)


def test_heads_are_those_of_the_page_on_which_the_table_begins(desk: Desk) -> None:
    desk.add("animals.txt", PAGES)

    text = answer_of(list(desk.reader().ask("Price of Animal 107?", (), desk.scope))).text

    assert "“Animal 107 Cat 114 321.50” [" in text
    assert text.count("Animal") == 1


@pytest.mark.parametrize("question", ["Price of Animal 950?", "What is the weight of Animal 121?"])
def test_no_other_row_of_plain_text_answers(desk: Desk, question: str) -> None:
    desk.add("animals.txt", PAGES)

    text = answer_of(list(desk.reader().ask(question, (), desk.scope))).text

    assert not any(f"Animal {n} " in text for n in range(1, 121))


NAMES = ("Bro", "Den", "Gor", "Hem", "Ka", "Vin", "Tas", "Lo", "Mer", "Pra")
KEEPERS = ("A. Lund", "B. Moreau", "C. Okafor", "D. Rossi", "E. Haas")
STATIONS = "Station,Opened,Rain 2022 mm,Rain 2023 mm,Keeper"


def stations() -> str:
    """A hundred stations, whose names begin alike and whose keepers are small words of Italian."""
    rows = [
        f"{one}den{two.lower()}{('ford', 'berg')[m % 2]},1955-10-26,{n * 10 + m},{n + m},"
        f"{KEEPERS[(n + m) % 5]}"
        for n, one in enumerate(NAMES)
        for m, two in enumerate(NAMES)
    ]
    return "\n".join([STATIONS, *rows])


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("How much rain fell in Brodenhemberg in 2023?", "Brodenhemberg | 1955-10-26 | 3 | 3"),
        ("Rain 2023 mm of Vindenkaford", "Vindenkaford | 1955-10-26 | 54 | 9"),
        ("How much rain fell in Prademlo in 2023?", ""),
        ("How much snow fell in Brodenhemberg in 2023?", ""),
        ("How much rain fell in Brodenhemberg in 2021?", ""),
        ("How much rain fell in Brodenhemberg in 1955?", ""),
    ],
)
def test_the_words_of_heads_hide_no_row(desk: Desk, question: str, row: str) -> None:
    desk.add("Rain stations.csv", stations())

    answer = answer_of(list(desk.reader().ask(question, (), desk.scope)))

    assert answer.refused == (not row)
    assert row in answer.text
    assert answer.text.count("1955-10-26") == bool(row)


def test_a_name_that_stands_whole_in_a_row_picks_none_that_begins_alike() -> None:
    rows = [("Vindenberg", "5"), ("Vindenstad", "7"), ("Vindenau", "8"), ("Vindenford", "9")]

    assert found("What is the height of Vindenstad?", ("Station", "Height"), rows)[0] == {1}


def test_what_falls_is_told_apart_from_what_decreases() -> None:
    rows = [("Lyon", "522"), ("Nantes", "323")]

    assert found("How much rain fell in Lyon?", ("Town", "Rain"), rows)[0] == {0}
    assert found("Which sales fell in Lyon?", ("Town", "Sales"), rows)[0] == set()
