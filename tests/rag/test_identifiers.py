from __future__ import annotations

import pytest

from rag.identifiers import contradicts, identifiers, lacking, names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How large is Mixtral 8x22B?", {"8x22b"}),
        ("Mixtral 8×7B and mistral-large-2411", {"8x7b", "mistral-large-2411"}),
        ("What is the parameter count of Llama 3 70B?", {"llama 3", "70b"}),
        ("Revenue in FY2022, and 2021", {"2022", "2021"}),
        ("It costs $1,577 or 46.7 million", set()),
        ("There are 12 of them", set()),
        ("The 10-K of 3M", {"10-k", "3m"}),
        ("Regulation (EU) 2016/679, invoice 2024-0187", {"2016/679", "2024-0187"}),
        ("from 2019-2022, on 2024-03-14 and in 2021/22, 24/7", set()),
        ("", set()),
    ],
)
def test_names_with_figures_are_identifiers_and_amounts_are_not(text: str, found: set[str]) -> None:
    assert identifiers(text) == found


@pytest.mark.parametrize(
    ("asked", "said", "verdict"),
    [
        ("Mixtral 8x22B", "Mixtral 8x7B takes 94 GB.", True),
        ("Mixtral 8x22B", "8x7B takes 94 GB, 8x22B 282 GB.", False),
        ("mistral-medium-3-5", "mistral-large-2512 costs $0.50.", True),
        ("mistral-medium-3-5", "codestral-2508 costs $0.30.", False),
        ("Llama 3", "Llama 2 was slower.", True),
        ("sales in 2022", "In 2021 sales rose.", True),
        ("sales in 2022", "Sales rose.", False),
        ("sales", "In 2021 sales rose.", False),
    ],
)
def test_a_sibling_without_the_thing_itself_contradicts(
    asked: str, said: str, verdict: bool
) -> None:
    assert contradicts(identifiers(asked), identifiers(said)) is verdict


def test_years_and_quarters_are_said_otherwise_too() -> None:
    assert names("GPT-4 in Q2 of FY2022, Llama 3") == {"gpt-4", "llama 3"}


@pytest.mark.parametrize("period", ["1H22", "h1-2022", "2Q23", "Q2'23", "FY22", "CY2023", "4q"])
def test_periods_are_no_names(period: str) -> None:
    assert names(f"What was earned in {period}?") == set()


@pytest.mark.parametrize(
    ("question", "texts", "missing"),
    [
        ("What does the 10-Q say of XK-4711?", ["BAY_2024Q2_10Q"], {"xk-4711"}),
        ("What does the 10Q say?", ["Form 10-Q"], set()),
        ("What does 3M make?", ["3M_2022_10K", "53 million"], set()),
        ("What does 3M make?", ["53 million"], {"3m"}),
        ("What is made?", [], set()),
    ],
)
def test_a_name_is_lacking_where_no_text_has_it(
    question: str, texts: list[str], missing: set[str]
) -> None:
    assert lacking(question, texts) == missing
