"""What a claim says more generally, or more surely, than its source: all for some, is for may be.

In English and French.
"""

from __future__ import annotations

import re

from rag.folding import unaccented
from rag.polarity import denials, generalised
from rag.runs import nearest_run, share_of
from rag.terms import terms, told

KNOWN = 0.5  # share of a claim's words, by what they tell, that a run must have to be compared
SHARED, FEWEST = 0.6, 1  # of the words of what an addition is made to; words of one
_UNSURE = re.compile(
    r"\b(?:could(?! not)|might(?! not)|possibly|perhaps|expect\w*|suggest\w*|appears?|seems?|"
    r"tends?|likely|probably|usually|often|generally|"
    r"typically|sometimes|most|plans? to|aims? to|intends? to|"
    r"pourrai\w+|semble\w*|suggere\w*|souvent|generalement|en general|habituellement|parfois|"
    r"la plupart|probablement|l'essentiel|principalement|majorite|sous reserve|prevoit|prevoient|"
    r"envisage\w*)\b"
)
_HEDGED = re.compile(
    r"\b(?:may|can|about|around|some|many|several|up to|nearly|almost|mainly|partly|planned|"
    r"target\w*|forecast\w*|outlook|aim\w*|hop\w+|normal\w*|majority|largely|chiefly|mostly|"
    r"frequent\w*|regular\w*|rarely|seldom|more than half|"
    r"peut|peuvent|certaine?s|plusieurs|quelques|environ|presque|surtout|normalement|prevu\w*|"
    r"objectif|frequemment|rarement|en principe)\b"
)
_LINKED = re.compile(
    r"\b(?:associat\w+|correlat\w+|association|lien entre|lie[es]* a|correlation)\b"
)
_CAUSED = re.compile(
    r"\b(?:caus(?:e|es|ed|ing)|leads?|led|makes?|made|because of|due to|thanks to|results? in|"
    r"prevents?|fait|font|entrain\w+|provoqu\w+|grace a|conduit|empeche\w*)\b"
)
_NOT_ALL = re.compile(
    r"(?:each|chaque|only|seulement|uniquement|exclusive(?:ly|ment)|never|jamais|aucun\w*|none|nobody"
    r"|no one)$"
)
_TIMES = re.compile(
    r"\b(?:every|all|any|tou[st]e?s?)\W+(?:the |les |le |la )?(?:\d+|two|three|four|six|evening|"
    r"morning|night|day|week|month|year|hour|quarter|deux|trois|quatre|six|jours?|soirs?|matins?|"
    r"semaines?|mois|ans|heures?)\b"
)
_PARTS = re.compile(
    r",\s+|;\s+|\s(?:and|et|but|mais|because|thanks to|due to|grâce à|who|which|qui|after|après)\s"
)


def overstated(claim: str, passage: str) -> tuple[str, str] | None:
    """What of a claim is said for all or for sure, where its source limits it.

    The limiting word of the source, empty where it only does not say the other, and the claim's.
    """
    run = nearest_run(claim, passage)
    if run is None or share_of(claim, passage, run) < KNOWN:
        return None
    words = [word for word in terms(passage) if word.sentence == run.sentence]
    sentence = passage[words[0].span.start : words[-1].span.end]
    said = unaccented(claim)
    word = generalised(_TIMES.sub(" ", said), sentence)
    if word and not _NOT_ALL.match(word) and not denials(claim):
        return "", word
    near = unaccented(passage[run.span.start : run.span.end]).replace("’", "'")
    unsure = _UNSURE.search(near)
    if unsure and not _UNSURE.search(said) and not _HEDGED.search(said):
        return unsure.group(), ""
    linked = _LINKED.search(near)
    if linked and _CAUSED.search(said) and not _CAUSED.search(near):
        return linked.group(), ""
    return None


def added(claim: str, passage: str) -> str:
    """The part of a claim of which its passage has no word, where it has most of the first part."""
    parts = [part for part in _PARTS.split(claim) if part and len(told(part)) >= FEWEST]
    there = told(passage)
    if len(parts) < 2 or len(told(parts[0]) & there) < SHARED * len(told(parts[0])):
        return ""
    return next((part.strip(" .,") for part in parts[1:] if not told(part) & there), "")
