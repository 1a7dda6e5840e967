"""What the signs of symbol fonts are in Unicode: those of Symbol whole, of Wingdings the usual.

Such fonts have pictures where others have letters, so a document names a font and a place in it
(`w:sym`, ISO/IEC 29500 part 1, 17.3.3.30), or has a character of the private area at U+F000.
The places of Symbol are those of Adobe's list for it (unicode.org, VENDORS/ADOBE/symbol.txt).
Of arrows and boxes the plain ones of Unicode stand for all weights.
"""

from __future__ import annotations

import re

UNKNOWN = "▯"  # in place of a sign that is in no list, so that its place is seen
_PRIVATE = 0xF000
_SIGNS = 0x100  # places in a font of symbols
_PRIVATE_SIGN = re.compile("[\uf020-\uf0ff]")
_SYMBOL_ROWS = (
    (0x21, "!∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾"),
    (0x61, "αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"),
    (0xA0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…│─↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"),
    (0xE0, "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"),
    (0xF1, "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"),
)
_WINGDINGS_ROWS = (
    (0x22, "✂✁"),
    (0x28, "☎✆✉"),
    (0x36, "⌛"),
    (0x3E, "✇✍"),
    (0x41, "✌"),
    (0x43, "👍👎☜☞☝☟"),
    (0x4A, "☺😐☹💣"),
    (0x51, "✈☼"),
    (0x54, "❄"),
    (0x58, "✠✡☪☯"),
    (0x5D, "☸♈♉♊♋♌♍♎♏♐♑♒♓"),
    (0x6C, "●"),
    (0x6E, "■□"),
    (0x71, "❑❒⬧⧫◆❖⬥⌧"),
    (0x7A, "⌘"),
    (0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿"),
    (0x9E, "·•"),
    (0xA1, "○"),
    (0xA7, "▪□"),
    (0xAB, "★"),
    (0xB1, "⌖"),
    (0xB5, "✪✰"),
    (0xB7, "🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛"),
    (0xD5, "⌫⌦"),
    (0xD8, "➢"),
    (0xDF, "←→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦⇨⇧⇩⬄⇳⬁⬀⬃⬂▭▫✗✓☒☑"),
)
_WINGDINGS_2_ROWS = ((0x4F, "✗✓☒☑☒☒"), (0x97, "•●○"), (0xA2, "■□"))
_WINGDINGS_3_ROWS = ((0x21, "←→↑↓↖↗↙↘"), (0x70, "▲▼△▽◀▶◁▷"), (0x7C, "◀▶"))
_WEBDINGS_ROWS = ((0x61, "✔"), (0x63, "□"), (0x67, "■"), (0x69, "🛈"), (0x6E, "●"))


def _placed(*rows: tuple[int, str]) -> dict[int, str]:
    return {start + place: sign for start, row in rows for place, sign in enumerate(row)}


_FONTS = {
    "symbol": _placed(*_SYMBOL_ROWS),
    "wingdings": _placed(*_WINGDINGS_ROWS),
    "wingdings 2": _placed(*_WINGDINGS_2_ROWS),
    "wingdings 3": _placed(*_WINGDINGS_3_ROWS),
    "webdings": _placed(*_WEBDINGS_ROWS),
}


def sign(font: str, place: str) -> str:
    """The sign at a place of a font, which is written in hexadecimals; `UNKNOWN` if none is known.

    In other fonts than those of symbols, the place is the character of Unicode itself.
    """
    try:
        number = int(place, 16)
    except ValueError:
        return UNKNOWN
    signs = _FONTS.get(font.strip().lower())
    if signs is None or _SIGNS <= number < _PRIVATE or number >= _PRIVATE + _SIGNS:
        known = chr(number) if 0 < number < _PRIVATE else ""
        return known if known.isprintable() and known else UNKNOWN
    place_in_font = number % _SIGNS
    return " " if place_in_font == ord(" ") else signs.get(place_in_font, UNKNOWN)


def in_font(text: str, font: str) -> str:
    """A text whose private characters stand for the signs of its font; in other fonts as it is."""
    if font.strip().lower() not in _FONTS:
        return text
    return _PRIVATE_SIGN.sub(lambda found: sign(font, f"{ord(found[0]):x}"), text)
