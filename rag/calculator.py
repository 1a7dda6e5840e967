"""Working out what a model writes: exact decimal arithmetic, and nothing but arithmetic."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException, localcontext

from rag.errors import ToolError

LONGEST_EXPRESSION = 500  # characters
DEEPEST = 50
DIGITS = 28
LARGEST_EXPONENT = 1_000
SHOWN_DIGITS = 15
HUNDRED = Decimal(100)
TOO_LARGE = "The value is too large, or is not a number."

_PERCENT = re.compile(r"(\d(?:[\d_]*\.?[\d_]*))\s*%")
_THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?!\d|,\d)")
_IN_CALL = re.compile(r"[A-Za-z_]\s*\(")

_BY_ZERO = ("DivisionByZero", "DivisionUndefined")  # the second, of 0/0, has no public name

Function = Callable[..., Decimal]


def calculate(expression: str) -> str:
    """The value of an expression, such as `growth(11.7, 12.9)` or `(46.7 - 12.9) / 46.7`.

    Raises:
        ToolError: it cannot be worked out; the message says why, for the model to mend it.
    """
    if len(expression) > LONGEST_EXPRESSION:
        raise ToolError(f"The expression is longer than {LONGEST_EXPRESSION} characters.")
    text = _written(expression)
    try:
        parsed = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ToolError(f"{expression!r} is no arithmetic expression.") from error
    with localcontext(Context(prec=DIGITS, Emax=LARGEST_EXPONENT, Emin=-LARGEST_EXPONENT)):
        try:
            value = _Calculation(text).value(parsed.body, DEEPEST)
        except DecimalException as error:
            raise ToolError(_why_not(error)) from error
    if not value.is_finite():
        raise ToolError(TOO_LARGE)
    return f"{expression.strip()} = {_shown(value)}"


def _written(expression: str) -> str:
    """The expression as Python writes it: `15%` is 15/100, `^` a power, `1,577` a number."""
    text = expression.strip().replace("^", "**").replace("×", "*").replace("÷", "/")
    text = text.replace("\N{MINUS SIGN}", "-")
    grouped = _THOUSANDS.search(text)
    if grouped and _IN_CALL.search(text):  # there a comma stands between arguments
        plain = grouped[0].replace(",", "")
        raise ToolError(f"Write {plain} or {grouped[0].replace(',', ', ')}, not {grouped[0]}.")
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    return _PERCENT.sub(r"(\1/100)", text)


class _Calculation:
    """Works out the parts of one expression; numbers are taken as they are written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def value(self, node: ast.expr, depth: int) -> Decimal:
        """The value of a part."""
        if depth == 0:
            raise ToolError("The expression is nested too deeply.")
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return +Decimal(ast.get_source_segment(self._text, node) or str(number))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                value = self.value(operand, depth - 1)
                return -value if isinstance(sign, ast.USub) else value
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                first, second = self.value(left, depth - 1), self.value(right, depth - 1)
                return _OPERATORS[type(op)](first, second)
            case ast.Call(func=ast.Name(id=name), args=given, keywords=[]) if name in _FUNCTIONS:
                return _called(name, [self.value(argument, depth - 1) for argument in given])
        known = ", ".join(sorted(_FUNCTIONS))
        raise ToolError(f"Only numbers, + - * / ^ % and these functions are known: {known}.")


def _called(name: str, values: Sequence[Decimal]) -> Decimal:
    fewest, most, function = _FUNCTIONS[name]
    if not fewest <= len(values) <= most:
        wanted = f"{fewest} numbers" if fewest == most else f"at least {fewest} number(s)"
        raise ToolError(f"{name} takes {wanted}, not {len(values)}.")
    return function(*values)


def _why_not(error: DecimalException) -> str:
    if any(signal.__name__ in _BY_ZERO for signal in error.args[0]):
        return "The expression divides by zero."
    return TOO_LARGE


def _shown(value: Decimal) -> str:
    """As many digits as are to be trusted, without an exponent where it is short."""
    rounded = Context(prec=SHOWN_DIGITS).plus(value).normalize()
    exponent = rounded.adjusted()
    return f"{rounded:f}" if -SHOWN_DIGITS < exponent < 2 * SHOWN_DIGITS else str(rounded)


def _growth(before: Decimal, after: Decimal) -> Decimal:
    return (after - before) / abs(before) * HUNDRED


def _yearly_growth(before: Decimal, after: Decimal, years: Decimal) -> Decimal:
    return ((after / before) ** (1 / years) - 1) * HUNDRED


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return part / whole * HUNDRED


def _ratio(one: Decimal, other: Decimal) -> Decimal:
    return one / other


def _total(*values: Decimal) -> Decimal:
    return sum(values, Decimal(0))


def _average(*values: Decimal) -> Decimal:
    return _total(*values) / len(values)


def _rounded(value: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    if abs(places) > DIGITS or places != places.to_integral_value():
        raise ToolError("round takes a whole number of places.")
    return value.quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP)


_OPERATORS: Mapping[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_ANY = 100
_FUNCTIONS: Mapping[str, tuple[int, int, Function]] = {
    "abs": (1, 1, abs),
    "average": (1, _ANY, _average),
    "cagr": (3, 3, _yearly_growth),
    "growth": (2, 2, _growth),
    "max": (2, _ANY, max),
    "min": (2, _ANY, min),
    "percent": (2, 2, _percent),
    "ratio": (2, 2, _ratio),
    "round": (1, 2, _rounded),
    "sqrt": (1, 1, Decimal.sqrt),
    "sum": (1, _ANY, _total),
}
