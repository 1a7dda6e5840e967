from __future__ import annotations

import pytest

from rag.domain import Verdict
from rag.emphasis import plain, without_emphasis, without_pairs
from rag.signs import signs
from rag.wiring import build_verifier
from tests.rag.desk import Desk, answer_of

VERIFIER = build_verifier()


@pytest.mark.parametrize(
    ("marked", "bare"),
    [
        ("*seventeen* minutes", "seventeen minutes"),
        ("_**two** thirds_", "two thirds"),
        ("~~old~~ and `code`", "old and code"),
        ("a snake_case name, 3 * 4 and 5**2", "a snake_case name, 3 * 4 and 5**2"),
        ("| **412** |", "| 412 |"),
        ("* an item", "* an item"),
    ],
)
def test_marks_of_emphasis_are_left_out(marked: str, bare: str) -> None:
    assert without_emphasis(marked) == bare
    assert plain(marked).text == bare


@pytest.mark.parametrize(
    ("marked", "bare"),
    [
        ("Picking began on **2 September 2024**.", "Picking began on 2 September 2024."),
        ("_**two** thirds_ and ~~old~~, ***both***", "two thirds and old, both"),
        ("19* million, 3 * 4 * 5, 5**2**3, snake_case_name", None),
        ("`a **b** c` and __init__.py, \\*so\\*", None),
        ("* an *item*", "* an item"),
    ],
)
def test_marks_in_pairs_are_left_out(marked: str, bare: str | None) -> None:
    assert without_pairs(marked) == (marked if bare is None else bare)


def test_a_quote_of_markdown_has_no_marks_and_is_on_its_page(desk: Desk) -> None:
    said = "Picking began on **2 September 2024** at the *estate*."
    desk.add("harvest.md", f"# Harvest\n\nThe cellar is old.\n\n{said}\n")

    answer = answer_of(list(desk.reader().ask("When did picking begin?", (), desk.scope)))

    assert "“Picking began on 2 September 2024 at the estate.” [1]" in answer.text
    assert [each.quote.text for each in answer.citations][:1] == [said]
    assert answer.citations[0].verdict is Verdict.SUPPORTED


def test_a_text_of_marks_alone_stays() -> None:
    assert plain("***").text == "***"


@pytest.mark.parametrize("mark", ["*", "_", "**", "__", "***", "~~", "`"])
@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ("Knead for seventeen minutes and rest overnight.", "seventeen"),
        ("Knead for 17 minutes and rest overnight.", "17"),
        ("Knead for seventeen minutes and rest overnight.", "minutes"),
        ("Knead for two thirds of the hour and rest overnight.", "two"),
        ("Never knead the cold dough after midnight.", "Never"),
        ("The oven of Maria Keller bakes at 230 °C in March 2021.", "Maria"),
        ("The oven of Maria Keller bakes at 230 °C in March 2021.", "°C"),
        ("The oven of Maria Keller bakes at 230 °C in March 2021.", "March 2021"),
    ],
)
def test_what_is_emphasised_is_said(claim: str, word: str, mark: str) -> None:
    marked = claim.replace(word, f"{mark}{word}{mark}")

    for said, stated in ((claim, marked), (marked, claim)):
        found = VERIFIER.check_text(said, f"The first day. {stated} Then it is baked.")
        assert found.verdict is Verdict.SUPPORTED
        assert found.strength == 1.0


@pytest.mark.parametrize("mark", ["*", "_", "**", "~~", "`"])
def test_what_is_emphasised_still_refutes(mark: str) -> None:
    text = f"Knead for {mark}seventeen{mark} minutes. {mark}Never{mark} rest it in the cold."

    assert VERIFIER.check_text("Knead for sixteen minutes.", text).verdict is Verdict.UNSUPPORTED
    assert VERIFIER.check_text("It should rest in the cold.", text).verdict is Verdict.UNSUPPORTED


def test_the_span_is_of_the_text_as_it_stands() -> None:
    text = "**First.** Knead for *seventeen* minutes and __rest__ overnight. Then **bake** it."

    span = signs("Knead for seventeen minutes and rest overnight.", text).span

    said = text[span.start : span.end]
    assert said == "Knead for *seventeen* minutes and __rest__ overnight."
