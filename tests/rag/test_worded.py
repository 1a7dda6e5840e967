from __future__ import annotations

import pytest

from rag.languages import Language
from rag.quantities import quantities, same


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        ("an hour and a half", "90 minutes"),
        ("two and a half years", "30 months"),
        ("un an et demi", "18 mois"),
        ("a quarter of an hour", "15 minutes"),
        ("trois quarts d'heure", "45 minutes"),
        ("a fortnight", "14 days"),
        ("two decades", "20 years"),
        ("a dozen sites", "12 sites"),
        ("une vingtaine d'heures", "20 heures"),
        ("1 in 100 people", "1%"),
        ("un sur dix", "10 %"),
        ("two hundred", "200"),
        ("one hundred and twenty days", "120 days"),
        ("deux cents", "200"),
        ("tripled", "300%"),
        ("5 basis points", "0.05 points"),
        ("5 points de base", "0,05 points"),
        ("2.5 Gbit/s", "2,500 Mbit/s"),
        ("4 MW", "4,000 kW"),
    ],
)
def test_words_and_figures_of_one_quantity_are_the_same(said: str, figures: str) -> None:
    french = any(word in figures for word in ("mois", "heures", " %", ",05"))
    language = Language.FRENCH if french else Language.ENGLISH
    (one,), (other,) = quantities(said, language), quantities(figures, language)

    assert same(one, other, loosely=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 in 10 people", "1 in 100 people"),
        ("5 percentage points", "5 basis points"),
        ("50 Mbit/s", "50 Gbit/s"),
        ("41 parsecs", "41 light-years"),
        ("5 mW", "5 MW"),
    ],
)
def test_other_quantities_are_not(one: str, other: str) -> None:
    (first,), (second,) = (quantities(text, Language.ENGLISH) for text in (one, other))

    assert not same(first, second, loosely=True)
