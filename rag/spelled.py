"""Codes and amounts as documents write them: "KX-4711" for "kx4711", "1,577" for "1577"."""

from __future__ import annotations

import re
from collections.abc import Iterable

_AMOUNT = r"\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?!\d)|\d{4,}"
_TAIL = r"\d+(?:[-/.]?\w+)*"
# "KX 4711" is a code, "in 2021" and "EUR 95" are none.
_NO_CODE = (
    "eur|usd|gbp|chf|jpy|us|in|of|to|by|at|on|is|or|if|the|and|for|are|was|has|art|sec|no|nr|abs|"
    "de|du|en|le|la|les|un|et|a|der|die|das|den|im|am|um|ab|bis|el|los|las|y|o|e|il|al|di|da|fy"
)
_CODE = (
    rf"[^\W\d_]{{1,6}}[-/.]?{_TAIL}|(?!(?:{_NO_CODE})\s)[^\W\d_]{{1,3}}[\u00a0 ]{_TAIL}"
    r"|\d+[-/ ]?[^\W\d_]{1,3}(?!\w)"
)
_WRITTEN = re.compile(
    rf"(?<![\w.,])(?:(?P<amount>{_AMOUNT})|(?P<code>{_CODE}))(?![\w])", re.IGNORECASE
)
_PARTING = re.compile(r"[\W_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")


def as_written(question: str, texts: Iterable[str]) -> str:
    """The question with its codes and amounts in the spelling of the texts that have them.

    What stands in none of them in any spelling stays as it is.
    """
    asked = {_compact(match) for match in _WRITTEN.finditer(question)} - {""}
    if not asked:
        return question
    known: dict[str, str] = {}
    for text in texts:
        for match in _WRITTEN.finditer(text):
            if (form := _compact(match)) in asked:
                known.setdefault(form, match.group())
    return _WRITTEN.sub(lambda match: known.get(_compact(match), match.group()), question)


def _compact(match: re.Match[str]) -> str:
    text = match.group()
    if _YEAR.fullmatch(text):
        return ""
    return _PARTING.sub("", text).casefold()
