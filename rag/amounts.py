"""The amounts of a text: its quantities without its years."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.languages import Language
from rag.quantities import Quantity, quantities

_YEAR = re.compile(r"(?:19|20)\d\d")


@lru_cache(maxsize=1024)
def amounts(text: str, language: Language | None) -> tuple[Quantity, ...]:
    """The quantities of a text without its years."""
    return tuple(
        each
        for each in quantities(text, language)
        if each.kind or each.scaled or not _YEAR.fullmatch(text[each.span.start : each.span.end])
    )
