"""What kind of words a question waits for, told by how it asks, in seven languages."""

from __future__ import annotations

import re

_ASKS_AMOUNT = re.compile(
    r"\b(?:how (?:many|much|large|long|old|tall|far|high|big|fast|often)"
    r"|what (?:percent|percentage|number|amount|price|share)"
    r"|combien|à quel prix|wie ?viele?|wie (?:groß|lang|hoch|alt|weit|oft)|cu[aá]nt[oa]s?"
    r"|quant[oiae]|hoeveel)\b",
    re.IGNORECASE,
)
_ASKS_DATE = re.compile(
    r"\b(?:when|(?:what|which) (?:year|date|month|day|century)|quand|en quelle année"
    r"|quelle (?:année|date)|wann|welche[ms]? jahr|cu[aá]ndo|qu[eé] año|quando|em que ano"
    r"|in che anno|wanneer|welk jaar)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b1[0-9]\d\d\b|\b20\d\d\b")
_AMOUNT = re.compile(r"(?<![\w-])[$€£]?\d[\d.,]*(?![\w-])")


def is_of_the_kind(question: str, text: str) -> bool:
    """Whether a text has what a question asks for: an amount, or a date.

    False for questions that ask for neither. A year is no amount, nor is the figure in a name.
    """
    if _ASKS_DATE.search(question):
        return bool(_YEAR.search(text))
    if _ASKS_AMOUNT.search(question):
        return bool(_AMOUNT.search(_YEAR.sub(" ", text)))
    return False
