from __future__ import annotations

import pytest

from rag.modals import denied_of_verb

TERMS = (
    "Parts of other makers can be fitted, but damage done by them is not covered. A lapsed permit "
    "cannot be extended. Guests may not smoke unless the host agrees."
)
CLAUSES = "Le sous-traitant peut employer des apprentis. Le bail ne peut pas être cédé."


@pytest.mark.parametrize(
    ("claim", "passage", "found"),
    [
        ("Parts of other makers cannot be fitted.", TERMS, ("fitted", "not fitted")),
        ("A lapsed permit can be extended.", TERMS, ("not extended", "extended")),
        ("Guests may smoke.", "Guests may not smoke.", ("not smoke", "smoke")),
        ("Le bail peut être cédé.", CLAUSES, ("not cede", "cede")),
    ],
)
def test_a_verb_is_denied_in_one_of_both(claim: str, passage: str, found: tuple[str, str]) -> None:
    assert denied_of_verb(claim, passage) == found


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Parts of other makers can be fitted.", TERMS),
        ("Guests may smoke if the host agrees.", TERMS),
        ("Le sous-traitant peut employer des apprentis.", CLAUSES),
    ],
)
def test_what_both_say_or_a_condition_limits_is_none(claim: str, passage: str) -> None:
    assert denied_of_verb(claim, passage) is None
