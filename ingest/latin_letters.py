"""Which of the sets of single bytes a text in Latin letters is in.

Each byte is a letter or a sign in nearly every set, so the set is told by the letters that
languages use together, and by what nobody writes: a sign or a capital within a word.
"""

from __future__ import annotations

import re
from collections import Counter

# The letters beyond ASCII that languages use, by the encodings they were written in; where two fit
# equally, the first does. What is in none of them counts against an encoding.
_ALPHABETS = (
    (
        "cp1252",
        (
            *("äöüß", "àâçéèêëîïôœùûü", "áéíñóúü¿¡ºª", "ãõáâàçéêíóôúüºª", "àèéìòùç"),
            *("åäöé", "æøåé", "ëïéèöü", "áðéíóúýþæö", "àçèéíïòóúü·"),
        ),
    ),
    (
        "cp1250",
        (
            *("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű"),
            *("ăâîşţ", "čćđšž"),
        ),
    ),
    (
        "iso8859-2",
        ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    ),
    ("cp1254", ("çğıİöşü",)),
    ("cp1257", ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž")),
)
_OLD = ("cp850", "mac_roman")  # of DOS and the first Macs, for the languages of the first set
SIGNS = "“”„‘’‚«»–—…€•°§©®™·´\xa0\xad½×"
# What stands between two letters only where bytes were read in a wrong set. Apostrophes, dashes,
# dots and trade marks do so elsewhere.
_NOT_IN_WORDS = "“”„‚«»‹›†‡€ƒˆ‰˜§¤¢£¥¡¿±¶¬"
_WITH_FIGURES = re.compile(  # signs that are letters in the sets of Central Europe
    r"(?<![^\W\d_])(?:[£±](?=\s?\d)|µ(?=[glmsVAW]\b))|(?<=\d)[¼¾¹²³]|\d\s?[cdk]?m[²³](?!\w)"
)
_LETTER = r"[^\W\d_]"
_UNDEFINED = re.compile(r"[\x80-\x84\x86-\x9f\ufffd]")  # controls of ISO 8859, and no letters
_MISPLACED = re.compile(rf"(?<={_LETTER})[{_NOT_IN_WORDS}]+(?={_LETTER})")
_JOINING = re.compile(rf"(?<={_LETTER})[–—…](?={_LETTER})")  # which no set of letters gains by
_AFTER_LETTER = re.compile(rf"(?<=[a-z]){_LETTER}|(?<=[A-Z]){_LETTER}(?=[a-z])")
_CONTROLS = re.compile(rb"[\x80-\x9f]")
_NEW_LETTERS = re.compile(  # what ISO 8859-15 has for signs of Latin-1: € š ž Š œ, where they stand
    r"\d\s?¤|¤\s?\d|¨(?=[a-z])|(?<=[a-z])¸|(?<=[a-z])½(?=[a-z])|(?<!\w)¦(?=[a-z]{2})|½(?=uv|il|uf)"
)
LEAST_MISPLACED = 0.2  # of the characters beyond ASCII, for a text to be in an old set
MAX_MIXED_SHARE = 0.5  # of the words that are not of ASCII alone
LEAST_LATIN_SHARE = 0.25  # of their letters: one may be typed for one that looks the same
_WORD = re.compile(rf"{_LETTER}+")


def latin_encoding(sample: bytes) -> str:
    """The set that explains most of the letters of a text; the usual ones before the old ones."""
    texts = {encoding: sample.decode(encoding, errors="replace") for encoding, _ in _ALPHABETS}
    undefined = {encoding: len(_UNDEFINED.findall(text)) for encoding, text in texts.items()}
    strange = {encoding: _strange(texts[encoding], alphabets) for encoding, alphabets in _ALPHABETS}
    found = min(texts, key=lambda encoding: (undefined[encoding], strange[encoding]))  # the first
    wrong = _misplaced(texts[found])
    beyond = sum(character > "\x7f" for character in texts[found])
    if found == "cp1252" and not _CONTROLS.search(sample) and _NEW_LETTERS.search(texts[found]):
        return "iso8859-15"
    if wrong < LEAST_MISPLACED * beyond:
        return found
    old = {encoding: sample.decode(encoding, errors="replace") for encoding in _OLD}
    odd = {encoding: _odd(text) for encoding, text in old.items()}
    likely = min(odd, key=lambda encoding: odd[encoding])
    return likely if 2 * odd[likely] < wrong + strange[found] else found


def mixes_scripts(text: str) -> bool:
    """Whether most words beyond ASCII have letters of ASCII, too: it was read in a wrong set."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(any(map(str.isascii, word)) for word in words)
    latin = sum(sum(map(str.isascii, word)) for word in words)
    is_latin = latin >= LEAST_LATIN_SHARE * sum(map(len, words))
    return is_latin and mixed > MAX_MIXED_SHARE * len(words)


def _strange(text: str, alphabets: tuple[str, ...]) -> int:
    """How many characters beyond ASCII are not in the one of the alphabets that has most."""
    said = _WITH_FIGURES.sub("", text)
    counts = Counter(character.lower() for character in said if character > "\x7f")
    return min(
        sum(count for letter, count in counts.items() if letter not in alphabet + SIGNS)
        for alphabet in alphabets
    )


def _odd(text: str) -> int:
    """How many characters tell against an old set."""
    return _misplaced(text) + _strange(text, _ALPHABETS[0][1]) + len(_JOINING.findall(text))


def _misplaced(text: str) -> int:
    """How many controls there are, and signs and capitals within words."""
    letters = (found[0] for found in _AFTER_LETTER.finditer(text))
    capitals = sum(letter.isupper() and not letter.isascii() for letter in letters)
    controls = len(_UNDEFINED.findall(text))
    return capitals + controls + sum(len(found[0]) for found in _MISPLACED.finditer(text))
