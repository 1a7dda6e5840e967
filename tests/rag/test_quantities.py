from __future__ import annotations

import pytest

from rag.languages import Language
from rag.quantities import ordinals, quantities, same, single


def read(text: str, language: Language | None = None) -> list[tuple[float, str]]:
    return [(each.readings[0][0], each.kind) for each in quantities(text, language)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$1.577 billion", (1_577_000_000, "dollar")),
        ("$1,577 million", (1_577_000_000, "dollar")),
        ("US$5m", (5_000_000, "dollar")),
        ("€780,000", (780_000, "euro")),
        ("12 %", (12, "percent")),
        ("twelve percent", (12, "percent")),
        ("1.5 percentage points", (1.5, "points")),
        ("90 minutes", (5_400, "time")),
        ("1 h 30", (5_400, "time")),
        ("half an hour", (1_800, "time")),
        ("two weeks", (1_209_600, "time")),
        ("14 calendar days", (1_209_600, "time")),
        ("three years", (36, "months")),
        ("thirty-six months", (36, "months")),
        ("three quarters of the staff", (75, "percent")),
        ("0.5 g", (0.5, "mass")),
        ("500 mg", (0.5, "mass")),
        ("148 K", (148, "")),
    ],
)
def test_english_quantities(text: str, wanted: tuple[float, str]) -> None:
    ((value, kind),) = read(text, Language.ENGLISH)

    assert value == pytest.approx(wanted[0])
    assert kind == wanted[1]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 577 millions d'euros", (1_577_000_000, "euro")),
        ("1\u202f577 millions d’euros", (1_577_000_000, "euro")),
        ("12,5 %", (12.5, "percent")),
        ("trente-six mois", (36, "months")),
        ("deux tiers des salariés", (200 / 3, "percent")),
        ("une demi-heure", (1_800, "time")),
        ("10 Go", (1e10, "bytes")),
    ],
)
def test_french_quantities(text: str, wanted: tuple[float, str]) -> None:
    ((value, kind),) = read(text, Language.FRENCH)

    assert value == pytest.approx(wanted[0])
    assert kind == wanted[1]


def test_small_words_are_no_units() -> None:
    assert read("from 55 to 64") == [(55, ""), (64, "")]


def test_quantities_of_one_kind_are_compared_in_one_unit() -> None:
    (billions,) = quantities("$1.577 billion", Language.ENGLISH)
    (millions,) = quantities("$1,577 million", Language.ENGLISH)
    (other,) = quantities("$1,578 million", Language.ENGLISH)

    assert same(billions, millions)
    assert not same(other, millions)


def test_what_is_claimed_may_be_rounded_but_not_the_other_way() -> None:
    (rounded,) = quantities("12.5 %")
    (exact,) = quantities("12.48 %")

    assert same(rounded, exact)
    assert not same(exact, rounded)


def test_units_are_not_percentages_of_another_kind() -> None:
    (points,) = quantities("3 percentage points")
    (percent,) = quantities("3 percent")

    assert not same(points, percent)


def test_ordinals_and_single_units() -> None:
    assert [each.readings[0][0] for each in ordinals("the eleventh year in a row")] == [11]
    assert [each.readings[0][0] for each in single("within a week")] == [604_800]


def test_seven_in_french_is_no_month() -> None:
    assert read("La construction dura sept ans.", Language.FRENCH) == [(84.0, "months")]
    assert read("On 30 Sept events begin.") == [(30.0, "")]


def test_per_cent_and_parts_without_of() -> None:
    assert read("It fell by 7 per cent.") == [(7.0, "percent")]
    assert read("Une maquette au dixième.", Language.FRENCH) == [(10.0, "percent")]
    assert read("It is two and a half times as long.") == [(2.5, "")]
