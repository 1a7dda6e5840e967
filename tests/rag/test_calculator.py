from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.calculator import LONGEST_EXPRESSION, TOO_LARGE, calculate
from rag.errors import ToolError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.1 + 0.2", "0.3"),
        ("(46.7 - 12.9) / 46.7", "0.723768736616702"),
        ("growth(11.7, 12.9)", "10.2564102564103"),
        ("growth(-4, 2)", "150"),
        ("cagr(100, 121, 2)", "10"),
        ("percent(3, 12)", "25"),
        ("ratio(9, 4)", "2.25"),
        ("average(1, 2, 6)", "3"),
        ("sum(1.10, 2.20)", "3.3"),
        ("max(2, -7) - min(2, -7)", "9"),
        ("round(2.345, 2)", "2.35"),
        ("sqrt(2)", "1.4142135623731"),
        ("abs(-3)", "3"),
        ("15% * 200", "30"),
        ("1 / 50%", "2"),
        ("2^10", "1024"),
        ("-2 ** 2", "-4"),
        ("1,577 + 2,000,000", "2001577"),
        ("(1,577 - 577) × 2 ÷ 4", "500"),
        ("1_000 * 2", "2000"),
        ("12345678901234567890 + 1", "12345678901234600000"),
        ("10 ** 400", "1E+400"),
        ("3e-20", "3E-20"),
    ],
)
def test_arithmetic_is_exact(expression: str, value: str) -> None:
    assert calculate(f" {expression} ") == f"{expression} = {value}"


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("1 / 0", "divides by zero"),
        ("0 / 0", "divides by zero"),
        ("growth(0, 1)", "divides by zero"),
        ("9 ** 9 ** 9", TOO_LARGE),
        ("1e999 * 1e999", TOO_LARGE),
        ("1e5000", TOO_LARGE),
        ("sqrt(-1)", TOO_LARGE),
        ("(-8) ^ (1/3)", TOO_LARGE),
        ("max(1,577, 3)", "Write 1577 or 1, 577, not 1,577."),
        ("growth(1)", "growth takes 2 numbers, not 1."),
        ("average()", "at least 1 number"),
        ("round(1, 0.5)", "whole number of places"),
        ("round(1, 10000)", "whole number of places"),
        ("__import__('os').system('id')", "Only numbers"),
        ("().__class__", "Only numbers"),
        ("[1][0]", "Only numbers"),
        ("'a' * 9", "Only numbers"),
        ("True + 1", "Only numbers"),
        ("1 if 2 else 3", "Only numbers"),
        ("lambda: 1", "Only numbers"),
        ("f(1)", "Only numbers"),
        ("sum(*[1])", "Only numbers"),
        ("7 % 4", "no arithmetic expression"),
        ("1 +", "no arithmetic expression"),
        ("", "no arithmetic expression"),
        ("1\n2", "no arithmetic expression"),
        ("\x00", "no arithmetic expression"),
        ("-" * 200 + "1", "nested too deeply"),
        ("(" * 400, "no arithmetic expression"),
        ("1" * (LONGEST_EXPRESSION + 1), "longer than"),
    ],
)
def test_anything_else_is_for_the_model_to_mend(expression: str, why: str) -> None:
    with pytest.raises(ToolError) as refused:
        calculate(expression)
    assert why in str(refused.value)


@given(st.text("0123456789.,+-*/^%()_e ×÷abcgrowth", max_size=60))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    with suppress(ToolError):
        assert calculate(text).startswith(text.strip())
