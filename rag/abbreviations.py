"""Stops that end no sentence: those of abbreviations, and of numbers that count."""

from __future__ import annotations

import re

_BEGINS = r"(?:^|[\s(\[\"'“‘])"
# Before a name, in any case: "Ing. Novak", "Dipl.-Ing. Haas", "dott. Rossi", "Mt. Orlava".
_TITLE = (
    r"(?:Prof|Dr|Mr|Mrs|Ms|Mx|Hon|Gov|Sen|Rep|Pres|Rev|Msgr|Mgr|Gen|Maj|Col|Lt|Capt|Cpt|Cmdr|Cdr|Adm"
    r"|Sgt|Sr|Mt|Ft|Messrs|Mme|Mlle|MM|Ste|Ing|Dipl|Mag|Bc|Hr|Hrn|Fr|Frl|Gebr|Hptm|Kpt"
    r"|(?:Dr|Dipl)\.-\s?(?:Ing|Kfm|Kffr|Phys|Inf|Chem|Math|Päd)|h\.\s?c"
    r"|Sra|Srta|Sres|Dña|Lic|Arq|Sig|Sigg|Dott|Avv|Dra|Profa|Eng|Exmo|RNDr|MUDr|JUDr|PhDr"
    r"|prof|dr|drs|mr|mrs|mevr|dhr|ing|dipl|sig|dott|avv|lic|mgr|bc)"
)
# Before a figure or a letter that counts: "Tab. 3", "Kap. IV", "max. 40".
_REFERENCE = (
    r"(?:[Nn]os?|[Nn]rn?|Nrs|[Nn]úms?|[Nn]um|[Ff]igs?|[Tt]ab|[Tt]bl|[Aa]bb|[Aa]rts?|[Ss]ecs?|[Ss]ect"
    r"|[Cc]h|[Cc]haps?|[Kk]ap|[Cc]ap|[Zz]iff|[Aa]bs|[Bb]d|[Vv]ols?|[Ee]ds?|[Pp]ágs?|[Pp]ag|pp?|[Ee]qs?"
    r"|[Aa]pp|[Pp]ar|[Pp]t|[Rr]ef|[Ee]xt|[Ee]st|[Rr]z|[Ll]ig|[Ll]it|[Aa]nh|[Mm]ax|[Aa]pprox|ca|rd|geb)"
)
# Before a year or a day: "Jan. 2020", "Sept. 30", "12 févr. 2020".
_MONTH = (
    r"(?:Jan|Feb|Febr|Mar|Mrz|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Okt|Nov|Dec|Dez"
    r"|[Jj]anv|[Ff]évr?|[Jj]uil|[Dd]éc|[Ee]ne|[Dd]ic|[Dd]ez|jan|feb|apr|aug|okt|oct|nov"
    r"|\d{1,2}\s(?:de\s)?(?:mar|avr|abr|may|mag|gen|giu|jun|lug|jul|ago|set|ott|out|fev|sept?|dec))"
)
_TO_NAME = re.compile(rf"{_BEGINS}{_TITLE}\.\s*\Z")
_TO_FIGURE = re.compile(rf"{_BEGINS}{_REFERENCE}\.\s*\Z")
_TO_DATE = re.compile(rf"{_BEGINS}{_MONTH}\.\s*\Z")
_FIGURE = re.compile(r"\s*+[(\[]?(?:[A-Z]{0,3}-?\d|[IVXLC]{2,}\b)")
_YEAR_OR_DAY = re.compile(r"\s*+(?:\d{1,2}|['’]?\d\d|[12]\d{3})(?![\d%]|[.,]\d)")
_NAME = re.compile(r"\s*+[^\W\d_]")
# What ends a sentence only where the next word can be no name.
_MAY_END = re.compile(
    rf"{_BEGINS}(?:[Nn]os?|St|Inc|Corp|Co|Ltd|Jr|al|Str|U\.S|U\.K|Art|Fig|Sec|Tel)\.\Z"
)
_BEGINNER = re.compile(  # a word that begins a sentence, and no name
    r"\s*+(?:The|This|These|Those|That|It|Its|He|She|His|Her|They|Their|We|Our|There|In|On|At|By|For"
    r"|From|After|Before|When|While|If|Since|But|However|During|With|Under|As|An"
    r"|Der|Die|Das|Ein|Eine|Er|Sie|Es|Im|Am|Bei|Nach|Seit|Wir|Les|Il|Elle|Ils|Elles|Une|Nous|Cette"
    r"|Ce|Lo|Los|Las|Una|Este|Esta|Het|Een|Zij|Gli|Questo|Questa)\s"
)
_NEVER = (
    r"(?:[A-Z]|St|Inc|Corp|Co|Ltd|Jr|Nos?|Art|Sec|Fig|Eq"
    r"|vs|cf|approx|ca|al|e\.g|i\.e|p|pp|vol|ed|U\.S|U\.K|z\.B|bzw|Nr|Abs|M|env"
    r"|[zduvnh]|ggf|inkl|evtl|vgl|sog|Mio|Mrd|Tel|Str|d\.h|o\.g|z\.T|i\.d\.R|bspw|einschl|aprox"
    r"|(?i:der|dem|den|das|die|vom|zum|im)\s\d{1,2})"
)
_NEVER_END = re.compile(rf"{_BEGINS}{_NEVER}\.\Z")
_ANY = re.compile(rf"{_BEGINS}(?:{_TITLE}|{_REFERENCE}|{_MONTH}|{_NEVER})\.\s*\Z")
# "31. März", "19. Jahrhundert", also where the word before tells nothing.
_AFTER_ORDINAL = re.compile(
    r"\d\.\s+(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
    r"|(?:Jan|Feb|Febr|Mrz|Apr|Jun|Jul|Aug|Sept?|Okt|Nov|Dez)\."
    r"|Jahrhundert|Jahrtausend|Jh\.|Weltkrieg)"
)
_BEFORE_END = 16  # characters that are looked at before an end, for an abbreviation


def ends_nothing(text: str, start: int, end: int, limit: int) -> bool:
    """Whether the stop of `text` from `start` to `end` is inside a sentence.

    By what stands before it and, up to `limit`, after it.
    """
    if "." not in text[start:end]:
        return False
    if start and _AFTER_ORDINAL.match(text, start - 1, limit):
        return True
    before = text[max(0, end - _BEFORE_END) : end]
    if _ANY.search(before) is None:
        return False
    if leads_on(before, text[end : min(limit, end + _BEFORE_END)]):
        return True
    if _MAY_END.search(before) and _BEGINNER.match(text, end, limit):
        return False
    return bool(_NEVER_END.search(before))


def leads_on(before: str, after: str) -> bool:
    """Whether a text ends in an abbreviation that what follows belongs to: a name, figure, year."""
    before = before.rstrip()[-_BEFORE_END:]
    return bool(
        (_TO_NAME.search(before) and _NAME.match(after))
        or (_TO_FIGURE.search(before) and _FIGURE.match(after))
        or (_TO_DATE.search(before) and _YEAR_OR_DAY.match(after))
    )
