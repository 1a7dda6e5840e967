"""Whether what stands around some words of a text denies them: "Never" before "open the lid"."""

from __future__ import annotations

import re

from rag.folding import fold

LOOKED_BACK = 80  # characters before the words
# "Never", "Do not", "It is not true that", "Ne pas", "Verwenden Sie nie", and few words after it.
_BEFORE = re.compile(
    r"(?:^|.*[\s('\"])"
    r"(?:(?:not|\w+n't|dont|cannot|never|neither|nor|ne|jamais|nicht|nie|niemals|keinesfalls|weder"
    r"|kein\w*|nunca|jamas|tampoco|mai|nooit|niet|geen|nao)\s(?:[\w']+\s){0,3}"
    r"|(?:no|non|without|sans|ohne|sin|senza|zonder|aucune?|ningun\w*|nessun\w*)\s(?:[\w']+\s)?"
    r"|n')[\"(]*"
)
_NOT_ONLY = re.compile(r"(?:not|nicht|pas|non|no|niet|nao) (?:only|nur|seulement|solo|alleen|so)\b")
# In German "not" stands behind what it denies: "Öffnen Sie den Deckel nicht."
_BEHIND = re.compile(r"[\"')]*\s(?:nicht|nie|niemals|keinesfalls)(?!\s(?:nur|zuletzt))\b")
# What a denial does not go over: the end of a sentence or a clause, and what begins another.
_END = re.compile(r"[.!?;:,()]\s|\s--?\s|\|")
_JOINT = re.compile(
    r"\s(?:and|but|because|so|when|while|if|et|mais|car|und|aber|sondern|weil|wenn|y|pero|sino|e|ma)\s"
)
_OPENING = re.compile(
    r"(?:never|under no circumstances|in no (?:event|case)|jamais|en aucun cas|niemals|nie"
    r"|auf keinen fall|keinesfalls|unter keinen umstanden|nunca|en ningun caso|mai)\b"
)
_OTHERWISE = re.compile(r"\s(?:and|but|et|mais|und|aber|sondern|y|pero|sino|ma)\s")
_SENTENCE = re.compile(r"[.!?;]\s")


def is_denied_around(text: str, start: int, end: int) -> bool:
    """Whether words of a text, `text[start:end]`, are what a denial in their sentence is of.

    A denial reaches over three words at most and over no comma or "but", unless its sentence
    begins with it.
    """
    before = fold(text[max(0, start - LOOKED_BACK) : start]).text
    return denies_what_follows(before) or bool(_BEHIND.match(fold(text[end : end + 20]).text))


def denies_what_follows(before: str) -> bool:
    """Whether a text, folded, ends in a denial of what comes after it."""
    sentence = _SENTENCE.split(before)[-1].lstrip()
    if _OPENING.match(sentence) and not _OTHERWISE.search(sentence):
        return True
    clause = _JOINT.split(_END.split(before)[-1])[-1]
    return bool(_BEFORE.fullmatch(_NOT_ONLY.sub(" ", clause)))
