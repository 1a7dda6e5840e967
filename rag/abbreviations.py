"""Stops that end no sentence: those of abbreviations, and of numbers that count.

After a title or a street's kind any word may be a name, so that the sentence goes on, unless the
next word is one that begins sentences and is nobody's name ("The", "Diese"). Before a figure a
reference goes on; before a capital letter it ends.
"""

from __future__ import annotations

import re

_BEGINS = r"(?:^|[\s(\[\"'“‘])"
# Before a name, in any case: "Ing. Novak", "Dipl.-Ing. Haas", "dott. Rossi", "ul. Długa".
_TITLES = (
    "Prof Dr Mr Mrs Ms Mx Messrs Hon Gov Sen Rep Pres Rev Msgr Mgr Bro Bp Abp Amb Ald Cllr Atty"
    " Gen Brig Maj Col Lt Capt Cpt Cmdr Cdr Adm Sgt Cpl Pvt Pfc Insp Det Supt Sr Mt Ft"
    " Mme Mlle MM Ste Pr av bd boul Fa Bros"
    " Ing Dipl Mag Bc Hr Hrn Fr Frl Gebr Hptm Kpt Obst Oblt Bgm Abg Präs RA RAin Pfr Hl hl"
    " Sra Srta Sres Dña Lic Arq Gral Cnel Tte Sgto Mons Hno Pdte Avda Av Ctra Pza"
    " Sig Sigg Dott Avv Dra Profa Eng Exmo Exma Cel Sarg Pe Trav"
    " RNDr MUDr JUDr PhDr prof dr drs mr mrs mevr mw dhr burg kapt ing dipl sig sigg dott avv lic"
    " mgr bc inż hab płk kpt mjr sierż ks św ul pl os im gen"
)
_TITLE = (
    r"(?:(?:Dr|Dipl)\.-\s?(?:Ing|Kfm|Kffr|Phys|Inf|Chem|Math|Päd)|h\.\s?c"
    rf"|{'|'.join(_TITLES.split())})"
)
# Before a figure or a letter that counts: "Tab. 3", "Kap. IV", "max. 40", "poz. 5".
_REFERENCES = (
    "No Nos no nos Nr Nrn nr nrn Nrs nrs Núm Núms núm núms Num num Fig Figs fig figs Tab Tbl tbl"
    " tab Abb abb Art Arts art arts artt Artt Sec Secs sec secs Sect sect Ch ch Chap Chaps chap"
    " chaps Kap kap Cap cap Ziff ziff Abs abs UAbs Bd bd Vol Vols vol vols Ed Eds ed eds Pág Págs"
    " pág págs Pag pag pagg p pp Eq Eqs eq eqs App app Par par Párr párr Pt pt Ref ref Ext ext Est"
    " est Rz rz Rn Rdnr Tz Fn Anm Anl Anh anh Aufl Jg Pos Lig lig Lit lit Max max Approx approx ca"
    " Min min Ca Rs rd geb blz hfdst afb apdo tít ust pkt poz str rozdz rys Rys tel Tel"
)
_REFERENCE = rf"(?:{'|'.join(_REFERENCES.split())})"
# Before a year or a day: "Jan. 2020", "Sept. 30", "12 févr. 2020".
_MONTHS = (
    "Jan Feb Febr Mar Mrz Apr Jun Jul Aug Sep Sept Oct Okt Nov Dec Dez Janv janv Févr févr Fév fév"
    " Juil juil Déc déc Ene ene Dic dic Dez dez jan feb apr aug okt oct nov"
)
_MONTHS_OF_DAYS = "mar avr abr may mag gen giu jun lug jul ago set ott out fev sep sept dec"
_MONTH = (
    rf"(?:{'|'.join(_MONTHS.split())}"
    rf"|\d{{1,2}}\s(?:de\s)?(?:{'|'.join(_MONTHS_OF_DAYS.split())}))"
)
_TO_NAME = re.compile(rf"{_BEGINS}{_TITLE}\.\s*\Z")
_TO_FIGURE = re.compile(rf"{_BEGINS}{_REFERENCE}\.\s*\Z")
_TO_DATE = re.compile(rf"{_BEGINS}{_MONTH}\.\s*\Z")
_FIGURE = re.compile(r"\s*+[(\[]?(?:[A-Z]{0,3}-?\d|[IVXLC]{2,}\b)")
_YEAR_OR_DAY = re.compile(r"\s*+(?:\d{1,2}|['’]?\d\d|[12]\d{3})(?![\d%]|[.,]\d)")
_NAME = re.compile(r"\s*+[^\W\d_]")
_NOBODY = re.compile(  # a word that begins a sentence, and that nobody is called
    r"\s*+(?:The|This|These|Those|That|There|They|Their|It|Its|Our|But|However|When|While|If|Since"
    r"|After|Before|During|Der|Die|Diese[rs]?|Wir|Sie|Es|Les|Cette|Elles?|Ils|Nous|Este|Esta|Het"
    r"|Een|Zij|Gli|Quest[oa])\s"
)
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
_ALWAYS = (
    "St Inc Corp Co Ltd Jr No Nos Art Sec Fig Eq vs cf approx ca al p pp vol ed bzw Nr Abs env ggf"
    " inkl evtl vgl sog Mio Mrd mio mrd deg Tel Str bspw einschl aprox Dz"
)
_NEVER = (
    rf"(?:[A-Z]|{'|'.join(_ALWAYS.split())}|e\.g|i\.e|U\.S|U\.K|z\.B|d\.h|o\.g|z\.T|i\.d\.R|[zduvnh]"
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
_LAST_WORD = re.compile(r"\w+\.\Z")
_LONGEST_NUMBER = 2  # digits that count in letters' place; and one letter may be an abbreviation
# By the last word alone nearly all ends are told to be no abbreviation's.
_LAST_WORDS = frozenset(
    f"{_TITLES} {_REFERENCES} {_MONTHS} {_MONTHS_OF_DAYS} {_ALWAYS}"
    " Kfm Kffr Phys Inf Chem Math Päd".split()
)


def ends_nothing(text: str, start: int, end: int, limit: int) -> bool:
    """Whether the stop of `text` from `start` to `end` is inside a sentence.

    By what stands before it and, up to `limit`, after it.
    """
    if "." not in text[start:end]:
        return False
    if start and _AFTER_ORDINAL.match(text, start - 1, limit):
        return True
    before = text[max(0, end - _BEFORE_END) : end]
    last = _LAST_WORD.search(before)
    if last is None or not _may_be_short(last[0][:-1]) or _ANY.search(before) is None:
        return False
    if leads_on(before, text[end : min(limit, end + _BEFORE_END)]):
        return True
    if _MAY_END.search(before) and _BEGINNER.match(text, end, limit):
        return False
    return bool(_NEVER_END.search(before))


def leads_on(before: str, after: str) -> bool:
    """Whether a text ends in an abbreviation that what follows belongs to: a name, figure, year."""
    before = before.rstrip()[-_BEFORE_END:]
    last = _LAST_WORD.search(before)
    if last is None or not _may_be_short(last[0][:-1]):
        return False
    return bool(
        (_TO_NAME.search(before) and _NAME.match(after) and not _NOBODY.match(after))
        or (_TO_FIGURE.search(before) and _FIGURE.match(after))
        or (_TO_DATE.search(before) and _YEAR_OR_DAY.match(after))
    )


def _may_be_short(word: str) -> bool:
    """Whether a word before a stop may be, or end, an abbreviation or a number that counts."""
    return (
        word in _LAST_WORDS or len(word) == 1 or (len(word) <= _LONGEST_NUMBER and word.isdigit())
    )
