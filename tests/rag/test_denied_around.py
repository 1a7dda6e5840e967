from __future__ import annotations

import pytest

from rag.denied_around import is_denied_around
from rag.domain import Verdict
from rag.evidence import SentenceScorer
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.store.words import Words
from rag.verification import Verifier


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Verifier(SentenceScorer(MiniLmEmbedder(), Words()).nearest, MiniLmJudge())


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("Rest it in the cold.", "Never rest it in the cold. Rest it on the bench for an hour."),
        ("Never rest it in the cold.", "Rest it in the cold."),
        ("Use bleach on the hull.", "Do not use bleach on the hull."),
        (
            "Use bleach on the hull.",
            "Under no circumstances, even when wet, use bleach on the hull.",
        ),
        ("Store it in the fridge.", "Don't\nstore it in the fridge.\nKeep it dry."),
        ("Ouvrir la porte pendant la cuisson.", "Ne pas ouvrir la porte pendant la cuisson."),
        ("Ne pas ouvrir la porte pendant la cuisson.", "Ouvrir la porte pendant la cuisson."),
        ("Ouvrez la porte.", "N'ouvrez jamais la porte."),
        ("Das Gerät in Wasser tauchen.", "Das Gerät nicht in Wasser tauchen."),
        ("Das Gerät nicht in Wasser tauchen.", "Das Gerät in Wasser tauchen."),
        ("Öffnen Sie den Deckel.", "Öffnen Sie den Deckel nicht."),
        ("Den Deckel im Betrieb öffnen.", "Den Deckel im Betrieb niemals öffnen."),
        ("Use disolventes.", "No use nunca disolventes."),
    ],
)
def test_an_instruction_is_not_backed_by_its_denial(
    verifier: Verifier, claim: str, text: str
) -> None:
    assert verifier.check_text(claim, text).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("Never rest it in the cold.", "Cover it. Never rest it in the cold."),
        ("Rest it for an hour.", "Never rest it in the cold. Rest it for an hour."),
        ("Clean it with water.", "Do not clean it with solvents but clean it with water."),
        ("Use it in the dark.", "Do not use it in the light. Use it in the dark."),
        (
            "Laissez reposer une heure.",
            "Ne laissez pas reposer au froid. Laissez reposer une heure.",
        ),
        ("Das Gerät nicht in Wasser tauchen.", "Achtung: Das Gerät nicht in Wasser tauchen."),
        ("Den Deckel öffnen.", "Nicht bügeln. Den Deckel öffnen."),
    ],
)
def test_what_a_denial_does_not_reach_is_backed(verifier: Verifier, claim: str, text: str) -> None:
    assert verifier.check_text(claim, text).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("before", "behind", "denied"),
    [
        ("Never ", "", True),
        ("You must not ", "", True),
        ("It is not true that ", "", True),
        ("Not only ", "", False),
        ("If it does not start, ", "", False),
        ("We did not see why the people of the town would ", "", False),
        ("There was no ", "", True),
        ("", " nicht.", True),
        ("", " nicht nur heute.", False),
        ("", ", nicht mit Seife.", False),
    ],
)
def test_a_denial_reaches_over_few_words_and_no_comma(
    before: str, behind: str, denied: bool
) -> None:
    text = f"{before}words{behind}"

    assert is_denied_around(text, len(before), len(before) + len("words")) is denied
