"""Countries and what is of them, in English and French, so that either names the other."""

from __future__ import annotations

import re

# What is written out or with full stops, and its letters.
_LETTERS = {
    "us": r"united states(?: of america)?|u\. ?s\.(?: ?a\.)?|etats-unis(?: d'amerique)?|états-unis",
    "uk": r"united kingdom|u\. ?k\.|royaume-uni",
    "eu": r"european union|e\. ?u\.|union europ[eé]enne",
    "un": r"united nations|u\. ?n\.|nations unies",
}
_WRITTEN = re.compile(
    "|".join(rf"(?P<{name}>\b(?:{words})(?!\w))" for name, words in _LETTERS.items()),
    re.IGNORECASE,
)
_NATIONS = """
netherlands dutch pays-bas neerlandais neerlandaise hollande hollandais
germany german allemagne allemand allemande
france french francais francaise
spain spanish espagne espagnol espagnole
italy italian italie italien italienne
portugal portuguese portugais portugaise
belgium belgian belgique belge
switzerland swiss suisse
austria austrian autriche autrichien autrichienne
ireland irish irlande irlandais irlandaise
denmark danish danemark danois danoise
sweden swedish suede suedois suedoise
norway norwegian norvege norvegien norvegienne
finland finnish finlande finlandais finlandaise
poland polish pologne polonais polonaise
greece greek grece grec grecque
turkey turkish turquie turc turque
russia russian russie russe
china chinese chine chinois chinoise
japan japanese japon japonais japonaise
india indian inde indien indienne
brazil brazilian bresil bresilien bresilienne
mexico mexican mexique mexicain mexicaine
canada canadian canadien canadienne
australia australian australie australien australienne
korea korean coree coreen coreenne
morocco moroccan maroc marocain marocaine
algeria algerian algerie algerien algerienne
tunisia tunisian tunisie tunisien tunisienne
egypt egyptian egypte egyptien egyptienne
kenya kenyan kenyane
peru peruvian perou peruvien peruvienne
argentina argentine argentinian argentin
hungary hungarian hongrie hongrois hongroise
romania romanian roumanie roumain roumaine
ukraine ukrainian ukrainien ukrainienne
britain british uk royaume-uni britannique
america american etats-unis americain americaine us usa
europe european europeen europeenne
"""
_OF: dict[str, frozenset[str]] = {
    name: frozenset(line.split()) for line in _NATIONS.split("\n") for name in line.split()
}


def names_of_nation(name: str) -> frozenset[str]:
    """What else names the country of a folded name; empty for one that is none."""
    return _OF.get(name, frozenset())


def with_letters(text: str) -> str:
    """A text with "US" in place of "United States" and "U.S.", and the like; folded if it was."""
    return _WRITTEN.sub(_letters, text)


def _letters(match: re.Match[str]) -> str:
    name = str(match.lastgroup)
    return name.upper() if match.group()[0].isupper() else name
