import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.mentions import Registry, profile

COVER = (
    "UNITED STATES FORM 10-K annual report for the fiscal year ended December 31, {year}. {name}"
)
FILES = {
    "ARDEN_2022_10K.pdf": ("ARDEN 2022 10K", COVER.format(year=2022, name="Arden Corporation")),
    "ARDEN_2023Q2_10Q.pdf": ("ARDEN 2023Q2", "FORM 10-Q quarter ended June 30, 2023. Arden"),
    "BLUEHERON_2022_10K.pdf": ("Form 10-K for Blue Heron INC", COVER.format(year=2022, name="BHN")),
    "règlement-général.txt": ("Règlement général de la copropriété", ""),
    "9X_2021_8K.pdf": ("8-K", COVER.format(year=2021, name="9X Company, ticker NXX")),
    "manual.md": ("Manual of the coffee machine", "Turn it on. The lamp is green."),
}
REGISTRY = Registry({name: profile(title, name, text) for name, (title, text) in FILES.items()})


LITTLE_WORDS = {"the", "of", "is", "a", "in", "how", "did", "do"}


def how_common(word: str) -> float:
    return 0.4 if word.casefold() in LITTLE_WORDS else 0.01


def preferred(question: str) -> dict[str, float]:
    return dict(REGISTRY.mentions(question, how_common).preferred)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What was Blue Heron's revenue?", "BLUEHERON_2022_10K.pdf"),
        ("What was the revenue of BlueHeron?", "BLUEHERON_2022_10K.pdf"),
        ("How did BHN do?", "BLUEHERON_2022_10K.pdf"),
        ("Is 9X profitable?", "9X_2021_8K.pdf"),
        ("How did the shares of NXX do?", "9X_2021_8K.pdf"),
        ("Was sagt das Règlement über Hunde?", "règlement-général.txt"),
        ("que dit le reglement sur les chiens ?", "règlement-général.txt"),
        ("How do I clean the coffee machine?", "manual.md"),
    ],
)
def test_the_document_that_is_named_is_preferred(question: str, name: str) -> None:
    found = preferred(question)

    assert max(found, key=lambda each: found[each]) == name


def test_among_the_documents_of_one_name_the_period_decides() -> None:
    in_2022 = preferred("What was Arden's revenue in FY2022?")
    in_quarter = preferred("What was Arden's revenue in Q2 of 2023?")

    assert in_2022["ARDEN_2022_10K.pdf"] > in_2022["ARDEN_2023Q2_10Q.pdf"] > 0.4
    assert in_quarter["ARDEN_2023Q2_10Q.pdf"] > in_quarter["ARDEN_2022_10K.pdf"] > 0.4


def test_two_names_prefer_two_documents() -> None:
    found = preferred("Compare Blue Heron and 9X")

    assert found["BLUEHERON_2022_10K.pdf"] > 0.5
    assert found["9X_2021_8K.pdf"] > 0.5
    assert "manual.md" not in found


def test_a_year_alone_prefers_half_as_much() -> None:
    assert preferred("What happened in 2021?") == {"9X_2021_8K.pdf": 0.5}


def test_common_words_of_a_title_name_nothing() -> None:
    assert preferred("Is there one of the other?") == {}
    assert preferred("What is the capital of France?") == {}


def test_the_rest_of_a_question_goes_without_the_names_of_titles() -> None:
    rest = REGISTRY.mentions("What was Blue Heron's net income in 2022?", how_common).rest

    assert rest == "What was net income in 2022?"


def test_a_question_of_nothing_but_a_name_stays_whole() -> None:
    assert REGISTRY.mentions("Blue Heron?", how_common).rest == "Blue Heron?"


def test_in_a_library_of_one_document_nothing_has_to_be_told_apart() -> None:
    alone = Registry({"a": profile("Arden 2022", "arden.pdf", "Arden")})

    assert dict(alone.mentions("What does Arden say?", lambda _: 0.5).preferred) == {}


@given(st.text(max_size=200))
def test_any_question_keeps_its_shares_between_zero_and_one(question: str) -> None:
    found = REGISTRY.mentions(question, lambda _: 0.0)

    assert all(0 < share <= 1 for share in found.preferred.values())
    assert found.rest.strip() or not question.strip()


def test_the_more_documents_a_name_could_mean_the_less_it_tells() -> None:
    for count in range(1, 12):
        shares = []
        for holders in range(1, count + 1):
            known = {
                str(n): profile("Arden" if n < holders else f"Other{n}", "", "")
                for n in range(count)
            }
            found = Registry(known).mentions("What about Arden?", how_common).preferred
            shares.append(found.get("0", 0.0))
        assert shares == sorted(shares, reverse=True)
        assert shares[-1] == 0.0


def test_a_quoted_phrase_is_searched_as_it_stands() -> None:
    asked = 'What is "blue heron disease"?'

    assert REGISTRY.mentions(asked, how_common).rest == asked


def test_words_that_ask_name_nothing() -> None:
    odd = Registry({name: profile(name, f"{name}.pdf", "") for name in ("How", "b", "c", "d")})

    found = odd.mentions("How many ducks fly?", lambda _: 0.0)

    assert dict(found.preferred) == {}
    assert found.rest == "How many ducks fly?"


def test_a_document_about_another_of_its_kind_is_not_preferred() -> None:
    files = {"hx-4410-manual": "Halvorsen HX-4410", "hx-4420-manual": "Halvorsen HX-4420"}
    files |= {f"note{number}": f"Note {number}" for number in range(6)}
    registry = Registry({name: profile(title, f"{name}.txt", "") for name, title in files.items()})

    found = registry.mentions("What does the HX-4410 weigh?", how_common).preferred

    assert found.get("hx-4410-manual", 0) > 0
    assert "hx-4420-manual" not in found
