"""Numbers as they are spelled in English, French, German and Spanish."""

from __future__ import annotations

import re

# "two" is as good as 2, "one" and "a" are not: they are articles in most of these languages.
SPELLED: dict[str, float] = {
    name: float(at)
    for at, names in enumerate(
        (
            "two deux zwei dos",
            "three trois drei tres",
            "four quatre vier cuatro",
            "five cinq fünf cinco",
            "six sechs seis",
            "seven sieben siete",
            "eight huit acht ocho",
            "nine neuf neun nueve",
            "ten dix zehn diez",
            "eleven onze elf",
            "twelve douze zwölf doce",
            "thirteen treize dreizehn trece",
            "fourteen quatorze vierzehn catorce",
            "fifteen quinze fünfzehn quince",
            "sixteen seize sechzehn",
            "seventeen siebzehn",
            "eighteen achtzehn",
            "nineteen neunzehn",
            "twenty vingt zwanzig veinte",
        ),
        2,
    )
    for name in names.split()
} | {
    name: value
    for value, names in (
        (30.0, "thirty trente dreißig treinta"),
        (40.0, "forty quarante vierzig cuarenta"),
        (50.0, "fifty cinquante fünfzig cincuenta"),
        (60.0, "sixty soixante sechzig sesenta"),
        (70.0, "seventy siebzig setenta"),
        (80.0, "eighty achtzig ochenta"),
        (90.0, "ninety neunzig noventa"),
        (100.0, "hundred hundert cien"),
    )
    for name in names.split()
}
_TENS = {
    20: "twenty vingt", 30: "thirty trente", 40: "forty quarante", 50: "fifty cinquante",
    60: "sixty soixante", 70: "seventy", 80: "eighty quatre-vingt", 90: "ninety",
}  # fmt: skip
_ONES = (
    "one un une", "two deux", "three trois", "four quatre", "five cinq", "six",
    "seven sept", "eight huit", "nine neuf",
)  # fmt: skip
SPELLED = {
    **SPELLED,
    **{
        f"{ten}-{one}": float(tens + at)
        for tens, names in _TENS.items()
        for ten in names.split()
        for at, ones in enumerate(_ONES, 1)
        for one in ones.split()
    },
    "vingt et un": 21.0,
    "trente et un": 31.0,
    "soixante-dix": 70.0,
    "quatre-vingts": 80.0,
    "quatre-vingt-dix": 90.0,
}
ORDINALS = {
    name: float(at)
    for at, names in enumerate(
        (
            "second deuxième",
            "third troisième",
            "fourth quatrième",
            "fifth cinquième",
            "sixth sixième",
            "seventh septième",
            "eighth huitième",
            "ninth neuvième",
            "tenth dixième",
            "eleventh onzième",
            "twelfth douzième",
        ),
        2,
    )
    for name in names.split()
}

# "sept" is seven before what it counts; "30 Sept" is none.
_SEVEN = r"(?<!\d )(?<!\d\. )sept(?= (?!and\b|et\b)[^\W\d_]+[sx]\b)"
_BELOW_HUNDRED = "|".join([*sorted(SPELLED, key=len, reverse=True), _SEVEN])
SPELLED["sept"] = 7.0
_DIGITS = "two|three|four|five|six|seven|eight|nine"
_CHIFFRES = "deux|trois|quatre|cinq|six|sept|huit|neuf"
NUMERAL = (
    rf"(?:a|one|{_DIGITS})[ -]hundred(?:[ -](?:and )?(?:{_BELOW_HUNDRED}))?"
    rf"|(?<!pour )(?<!pour-)(?:(?:{_CHIFFRES})[ -])?cents?(?:[ -](?:{_BELOW_HUNDRED}))(?!\w)"
    rf"|(?:{_CHIFFRES})[ -]cents?(?!\w)|{_BELOW_HUNDRED}"
)
_HUNDREDS = re.compile(r"(?:(?P<count>\w+)[ -])?(?:hundred|cents?)(?:[ -](?:and )?(?P<rest>.+))?")


def numeral(spelled: str) -> float:
    """The number that a match of `NUMERAL` spells."""
    plain = spelled.lower()
    if plain in SPELLED:
        return SPELLED[plain]
    found = _HUNDREDS.fullmatch(plain)
    count = SPELLED.get(found["count"] or "", 1.0) if found else 1.0
    return 100.0 * count + (SPELLED[found["rest"]] if found and found["rest"] else 0.0)
