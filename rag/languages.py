"""Which language a text is in, told by its small words.

The few dozen commonest words of a language make up a third to a half of any running text in it,
and few of them are words of another language too. Neighbouring languages that nothing else here
knows are listed so that they are not taken for one that they resemble.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from enum import StrEnum

READ_CHARACTERS = 10_000  # of a text, more than enough to tell
# How much of a text must be small words of its language, and how far ahead of the next it must be.
# Filings full of tables have 0.1, running text 0.3 and more.
LEAST_SHARE = 0.06
LEAST_LEAD = 1.15

_WORD = re.compile(r"[^\W\d_]+")


class Language(StrEnum):
    """A language whose word forms are known; the value is the name that its stemmer has."""

    ENGLISH = "english"
    FRENCH = "french"
    GERMAN = "german"
    SPANISH = "spanish"
    ITALIAN = "italian"
    PORTUGUESE = "portuguese"
    DUTCH = "dutch"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


SMALL_WORDS: Mapping[Language, frozenset[str]] = {
    Language.ENGLISH: _set(
        "the of and to in a is that it for was on are as with be by at this from or have an which "
        "were but not had has their its they been who will would more other when what there than "
        "into these may such can our we you your if no between how many did does do where why he "
        "she his her him whose about after during most should could any all under over"
    ),
    Language.FRENCH: _set(
        "le la les de du des un une et est que qui dans en il elle pour par sur pas au aux ne ce "
        "se sa son ses avec plus ou sont cette ces ont mais comme nous vous leur leurs je on y d l "
        "qu s n c j quel quelle quels quelles quand comment combien pourquoi etait ete fait etre "
        "meme aussi entre sans donc tout tous toute sous apres deux peut avait lors selon dont "
        "depuis pendant chez"
    ),
    Language.GERMAN: _set(
        "der die das und in den von zu mit sich des auf fur ist im dem nicht ein eine als auch es "
        "an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem uber einen so "
        "zum war haben nur oder aber vor zur bis mehr durch man sein wurde wurden welche welcher "
        "welches welchem wer wen wem wann warum wo worauf woruber wofur womit wodurch woher "
        "wieviel viele ihre ihr seine kann wenn unter gegen was "
        "diese dieser dieses zwischen wir ich hatte waren einige eines seit konnen"
    ),
    Language.SPANISH: _set(
        "el la los las de del y en que un una por con para se su sus al lo como mas es son fue "
        "ser o no este esta estos estas entre cuando muy sin sobre tambien hasta hay donde quien "
        "quienes cual cuales cuanto cuantos cuanta cuantas desde todo todos nos durante uno ni "
        "contra otros otro otra ha han habia fueron era eran tiene tienen pero porque si segun "
        "sido estaba"
    ),
    Language.ITALIAN: _set(
        "il lo la i gli le di del della dei delle degli dello e che in un una uno per con da dal "
        "dalla non si sono al alla ai alle nel nella nei nelle sul sulla come piu anche ma o ha "
        "hanno era e stato stata questo questa questi queste quale quali quando chi cosa perche "
        "quanto quanti quante dove suo sua suoi sue essere ed tra fra dopo ogni se quella quello "
        "l d dell nell all sull dall c anno anni"
    ),
    Language.PORTUGUESE: _set(
        "o a os as de do da dos das e em no na nos nas que um uma por para com nao se ao aos pelo "
        "pela pelos pelas mais como mas foi sao ser seu sua seus suas ou quando muito entre era "
        "tem ja esta este isso isto tambem so ate sem quem qual quais quanto quantos quantas onde "
        "porque depois foram sobre mesmo ainda num numa ele ela eles elas havia voce"
    ),
    Language.DUTCH: _set(
        "de het een en van in is dat op te zijn met voor niet die aan er om ook als bij of was "
        "door wordt uit naar worden dan werd maar nog heeft deze hebben over tot wat wie hoe "
        "waar wanneer waarom welke veel ze hij zij hun hem haar zo dit kan geen meer had al "
        "tussen onder werden na kunnen wij ik tegen sinds zoals omdat"
    ),
}
_OTHERS: Mapping[str, frozenset[str]] = {
    "catalan": _set(
        "el la els les de del dels i en que un una per amb a se es al als no mes com va son ser "
        "seva seu seus aquest aquesta o pero van ha tambe entre quan molt sense fins l d"
    ),
    "nordic": _set(
        "og i det at en den til er som pa de med for av ikke der var et om fra har han sig men "
        "ett och att jag inte detta ar kan blev blir ble efter hon hans eller under hvor hvad "
        "hva vad skal ska vil ved sin sina deres"
    ),
    "polish": _set(
        "i w na z do nie sie to jest ze o jak po co tak za od przez jego ale czy dla ktory ktora "
        "ktore przy byl byla oraz tym tego pod"
    ),
    "czech": _set(
        "a v na se je ze s z do o ze i jako za k pro ve by po ale tak od jeho ktery ktera jsou "
        "byl byla nebo pri sa su aj"
    ),
    "romanian": _set(
        "de si in a la cu pe din care o un nu sa mai este ce ca au fost pentru lui ale prin sunt "
        "fi sau dar unei unui cel cea al"
    ),
    "latin": _set(
        "et in est non ad ut cum qui quod sed ex ab quae si per aut esse hoc quam sunt ac atque "
        "enim nec pro"
    ),
    "turkish": _set("ve bir bu da de icin ile olarak olan daha gibi kadar en cok"),
    "hungarian": _set("a az es hogy nem is egy meg de volt ez mint csak van vagy"),
    "finnish": _set("ja on ei se etta oli han mutta joka kun mita myos tai ovat"),
    "indonesian": _set("yang dan di dari untuk dengan ini itu dalam pada tidak ke"),
}
# Letters that one of these languages alone has, and what they count beside a small word.
_OWN_LETTERS: Mapping[str, tuple[Language, float]] = {
    **dict.fromkeys("¿¡", (Language.SPANISH, 2.0)),
    "ñ": (Language.SPANISH, 0.5),
    "ß": (Language.GERMAN, 0.5),
    **dict.fromkeys("ãõ", (Language.PORTUGUESE, 0.5)),
    "œ": (Language.FRENCH, 0.5),
    **dict.fromkeys("ìò", (Language.ITALIAN, 0.5)),
}
_OWN_WORD = " è "  # Italian: "is"; the French letter stands inside words


def _weights() -> dict[str, list[tuple[str, float]]]:
    """For each small word the languages that have it, and what it says for each of them."""
    lists = {str(name): words for name, words in SMALL_WORDS.items()} | dict(_OTHERS)
    shared = Counter(word for words in lists.values() for word in words)
    table: dict[str, list[tuple[str, float]]] = {}
    for name, words in lists.items():
        for word in words:
            table.setdefault(word, []).append((name, 1 / shared[word]))
    return table


_WEIGHTS = _weights()
_PLAIN = {
    code: plain[0]
    for code in range(0xC0, 0x180)
    if (plain := unicodedata.normalize("NFKD", chr(code)))[0].isascii()
} | {ord("ß"): "ss"}


def detect(text: str) -> Language | None:
    """The language that a text is in; None for one not known, or where there is too little."""
    text = text[:READ_CHARACTERS].lower()
    points: defaultdict[str, float] = defaultdict(float)
    if not text.isascii():
        for letter, (language, weight) in _OWN_LETTERS.items():
            points[language] += weight * text.count(letter)
        points[Language.ITALIAN] += text.count(_OWN_WORD)
        text = text.translate(_PLAIN)
    words = _WORD.findall(text)
    for word, count in Counter(words).items():
        for name, weight in _WEIGHTS.get(word, ()):
            points[name] += weight * count
    return _clear_winner(points, len(words))


def _clear_winner(points: Mapping[str, float], words: int) -> Language | None:
    ranked = sorted(points.items(), key=lambda pair: -pair[1])
    (name, most), (_, next_most) = [*ranked, ("", 0.0), ("", 0.0)][:2]
    is_clear = most > 0 and most >= max(LEAST_SHARE * words, LEAST_LEAD * next_most)
    if not is_clear or name not in SMALL_WORDS:
        return None
    return Language(name)
