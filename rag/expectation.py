"""What a question waits for, told by how it asks, in seven languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.domain import Passage

LANGUAGES_DIFFER = 0.5  # in an embedder's fluency: XQuAD's English has 1.0, the others 0.0

_ASKS_AMOUNT = re.compile(
    r"\b(?:how (?:many|much|large|long|old|tall|far|high|big|fast|often)"
    r"|what (?:percent|percentage|number|amount|price|share)"
    r"|what (?:is|was|are|were)(?: \S+){0,4} (?:prices?|fees?|rent|deposit|salary|fare)"
    r"|what (?:do|does|did|will|would)(?: \S+){1,6} cost"
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
MONTH = (
    r"jan(?:uary|uari?|vier|eiro)?|feb(?:ruary|ruari?|rero|braio)?|fév(?:rier)?|fevereiro"
    r"|gennaio|enero|mar(?:ch|s|zo|ço)?|märz|maart|apr(?:il|ile)?|avril|abril|may|mai|mayo"
    r"|maggio|maio|mei|june?|juni|juin|junio|giugno|junho|jul(?:y|i|io|ho)?|juillet|luglio"
    r"|aug(?:ust|ustus)?|août|agosto|sep(?:t|tember|tembre|tiembre)?|settembre|setembro"
    r"|oct(?:ober|obre|ubre)?|oktober|ottobre|outubro|nov(?:ember|embre|iembre|embro)?"
    r"|dec(?:ember)?|déc(?:embre)?|dezember|diciembre|dicembre|dezembro"
)
_DAY = re.compile(  # "30 June", "June 30th", "30. Juni", "1er juin", "4 de mayo", "30/06", "30.06."
    rf"\b(?:[1-9]|[12]\d|3[01])(?:\.|st|nd|rd|th|er|º)?\s(?:of\s|de\s)?(?:{MONTH})\b"
    rf"|\b(?:{MONTH})\s(?:[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?\b"
    r"|\b(?:0?[1-9]|[12]\d|3[01])(?:/(?:0?[1-9]|1[0-2])\b|\.(?:0?[1-9]|1[0-2])\.)",
    re.IGNORECASE,
)
_IN_MONTH = re.compile(
    rf"\b(?:in|by|until|till|before|after|since|from|im|bis|seit|ab|vor|nach|en|fin|jusqu'en|depuis|a"
    rf"|à|em|até|desde|da|entro|vanaf|tot|eind)\s(?:{MONTH})\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b1[0-9]\d\d\b|\b20\d\d\b")
_AMOUNT = re.compile(r"(?<![\w-])[$€£]?\d[\d.,]*(?![\w-])")
_ASKS_FOR_THE_WHOLE = re.compile(
    r"\b(?:summar|overview|outline\b|main (?:points|ideas|topics|findings)|key (?:points|findings)"
    r"|what (?:is|are) (?:this|these|the) (?:\w+ )?(?:documents?|files?|texts?|reports?) about"
    r"|translate|résume|résumé|aperçu|de quoi (?:parle|traite)|points (?:clés|principaux)"
    r"|zusammenfass|fass\w* .*\bzusammen|überblick|worum geht|resum|visión general|de qué trata"
    r"|riassum|panoramica|di cosa (?:parla|tratta)|visão geral|do que trata"
    r"|samenvat|vat .*\bsamen|overzicht|waar gaa[nt])",
    re.IGNORECASE,
)


def asks_for_the_whole(question: str) -> bool:
    """Whether a request is about documents as a whole: a summary, an overview, a translation."""
    return bool(_ASKS_FOR_THE_WHOLE.search(question))


def can_judge(question: str, passages: Sequence[Passage], fluency: Callable[[str], float]) -> bool:
    """Whether words and meaning can tell that the passages do not answer the question.

    They cannot where it is about a whole document, or in another language than the passages.
    """
    if asks_for_the_whole(question):
        return False
    texts = " ".join(passage.text for passage in passages)
    return abs(fluency(question) - fluency(texts)) <= LANGUAGES_DIFFER


def is_of_the_kind(question: str, text: str) -> bool:
    """Whether a text has what a question asks for: an amount, or a date.

    False for questions that ask for neither. A year or a day is no amount, nor is the figure in a
    name.
    """
    if _ASKS_DATE.search(question):
        return bool(_YEAR.search(text) or _DAY.search(text))
    if _ASKS_AMOUNT.search(question):
        return bool(_AMOUNT.search(_YEAR.sub(" ", _DAY.sub(" ", text))))
    return False


def gives_asked_date(question: str, text: str) -> bool:
    """Whether a question asks when, and a text names a day, or a month as a date: "ends in May"."""
    return bool(_ASKS_DATE.search(question) and (_DAY.search(text) or _IN_MONTH.search(text)))
