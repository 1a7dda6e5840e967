"""What a text affirms, denies or generalises: negations, opposites, words for all or for some.

In English and French, as far as a list of words goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.folding import unaccented

_WORD = re.compile(r"[^\W_]+")
_NEGATION = re.compile(
    r"\b(?:no(?!\.)|not|never|none|neither|nor|nobody|nothing|cannot|without|fails? to|failed "
    r"to|lacks?|"
    r"refus\w+|declin\w+ to|unable|non|aucune?s?|jamais|rien|personne ne|sans|ni|n')\b|n't\b"
    r"|\bn[e'] ?(?:\w+ ){1,4}(?:pas|plus|point|guere|que)\b|\bpas\b",
)
_NOT_ONLY = re.compile(
    r"\bnot only\b|\bno (?:more|less|fewer|later) than\b|\bpas seulement\b|\bnon seulement\b|"
    r"\bn[e'] ?\w+ que\b|\bsans (?:doute|cesse)\b|\bno\. ?\d"
)
# Pairs of which a text that says one denies the other, as stems at the beginning of words.
_OPPOSITES: Sequence[tuple[str, str]] = (
    (
        "increas|rose|rise|risen|rising|grew|grow|gain|up from|higher|climb|improv|expand|"
        "augment|hausse|progress|cru|croissance|accru|superieur|eleve a|gagn|monte",
        "decreas|fell|fall|declin|drop|slip|lower|down from|shrank|shrink|reduc|lost|loss of|"
        "worsen|deteriorat|contract(?:ed|ion)|diminu|baiss|recul|chut|inferieur|repli|perdu",
    ),
    ("before|prior to|until|avant|jusqu", "after|following|apres|a compter|a partir"),
    (
        "allow|permit|authori[sz]ed|entitled|autoris|permis|droit de",
        "forbid|forbidden|prohibit|must not|may not|not allowed|banned|interdi|defendu|ne "
        "peut|ne doi",
    ),
    (
        "mandatory|compulsory|required|must|shall|obligatoire|doit|doivent|exig|oblig",
        "optional|voluntary|may choose|facultati|optionnel|volontaire",
    ),
    ("include|including|covers|inclu|compris|comprend", "exclud|not cover|except|exclu|sauf|hors"),
    ("open(?:s|ed)?|ouvert|ouvr", "close[sd]?|closed|ferm"),
    ("first|premier", "last|dernier"),
    (
        "best|highest|largest|most|greatest|biggest|longest|fastest|plus grand|plus eleve|"
        "plus rapide|meilleur",
        "worst|lowest|smallest|least|slowest|shortest|plus petit|plus faible|plus lent|pire",
    ),
    ("profit|benefice|benefit", "loss|perte|deficit"),
    ("accept|approv|adopt|approuv|accord", "reject|refus|denied|declined|rejet"),
    ("success|succeed|reussi", "fail|echou|echec"),
    ("internal|indoor|inside|interieur|interne", "external|outdoor|outside|exterieur|externe"),
    ("with food|pendant le repas|au cours du repas", "empty stomach|fasting|a jeun"),
    ("hot|warm|chaud", "cold|cool|froid"),
    (
        "enabl|active|turn(?:ed)? on|switch(?:ed)? on|allum",
        "disabl|inactive|turn(?:ed)? off|switch(?:ed)? off|desactiv|eteint|eteind",
    ),
    ("safe|sans danger|sur pour", "unsafe|dangerous|danger"),
    ("left|gauche", "right|droite"),
    ("morning|matin", "evening|night|soir"),
    ("faster|quicker|plus vite|plus rapide", "slower|plus lent"),
    ("better|mieux|meilleur", "worse|moins bien|pire"),
    ("early|earlier|tot\\b", "late\\b|later|tard"),
    ("north|nord", "south|sud"),
    ("front|avant\\b", "rear|back\\b|arriere"),
    (
        "current year|this year|annee en cours|exercice en cours",
        "next year|following year|annee prochaine|annee suivante|exercice suivant",
    ),
    ("winter|hiver", "summer|ete\\b"),
    ("adult", "child|enfant"),
    ("keep|kept|retain|conserv|maint", "abandon|renonc|give up|gave up|giv(?:en|ing) up|drop"),
    ("supported|pris en charge", "unsupported|deprecated|obsolet"),
    ("compatible", "incompatible"),
    ("import", "export"),
    ("public", "private|prive"),
    ("oral", "intravenous|injectable"),
    (
        r"(?:is|are|was|be|stays?|remains?|left|put|switched|turned) on (?!the|an?|\d)|est active",
        r"(?:is|are|was|be|stays?|remains?|left|put|switched|turned) off\b|est desactive",
    ),
    ("in compliance|complie[sd]|respecte", "breach|violat|in default|enfrein"),
    ("warm|rechauff", "cool|refroid"),
    ("free of charge|free\b|gratuit", "chargeable|payable|payant"),
    ("open|ouvert", "closed|ferme"),
    ("remain(?:s|ed)? in force|survive", "ceases? to|lapses?|expires?"),
    ("unchanged|stays? the same|stable|inchange", "rais|increas|cut\b|lower|releve|augment"),
    ("advance\b|d'avance", "arrears|terme echu"),
    ("upper|superieure\\b", "lower|inferieure\\b"),
)
# Of these one may be said for the other from the other side: who buys is sold to.
_CONVERSES: Sequence[tuple[str, str]] = (
    ("buy|bought|purchas|acquir|achet|acqui", "sell|sold|divest|vend|cede|cession"),
    ("employer|employeur", "employee|salarie"),
    ("landlord|lessor|bailleur|proprietaire", "tenant|lessee|locataire"),
    ("buyer|purchaser|acheteur", "seller|vendor|vendeur"),
    ("lender|creditor|preteur|creancier", "borrower|debtor|emprunteur|debiteur"),
    ("plaintiff|claimant|demandeur", "defendant|defendeur"),
    ("supplier|provider|fournisseur", "customer|client"),
    ("processor", "controller"),
)
_PAIRS = [(re.compile(rf"\b(?:{one})"), re.compile(rf"\b(?:{other})")) for one, other in _OPPOSITES]
_ROLES = [(re.compile(rf"\b(?:{one})"), re.compile(rf"\b(?:{other})")) for one, other in _CONVERSES]
_ALL = re.compile(
    r"\b(?:all|every|everyone|everybody|always|any|each|entire|entirely|completely|fully|"
    r"totally|only|exclusively|whole|"
    r"in all cases|whatever|regardless|guarantee[sd]?|certainly|definitely|proves?|proved|proven|"
    r"tous|toutes|toute|tout|chaque|toujours|entierement|completement|totalement|uniquement|"
    r"seulement|exclusivement|"
    r"systematiquement|garantit|prouve|demontre|certainement|quel(?:le)?s? que|sans exception|"
    r"never|jamais|nobody|aucun\w*|none|no one|without exception|cures?|guerit|eliminates?|"
    r"elimine)\b"
)
_SOME = re.compile(
    r"\b(?:some|most|many|several|few|part(?:ly|ially)?|usually|often|sometimes|generally|"
    r"typically|may|might|could|can|"
    r"possibly|probably|likely|suggests?|suggested|appears?|associated|about|in (?:this|the) "
    r"(?:study|trial|sample)|among|"
    r"except|unless|if|when|where|provided|subject to|up to|nearly|almost|approximately|"
    r"mainly|majority|preliminary|"
    r"certains?|certaines|quelques|plusieurs|la plupart|majorite|parfois|souvent|generalement|"
    r"habituellement|"
    r"peut|peuvent|pourrait|pourraient|probablement|semble\w*|suggere\w*|associe\w*|sauf|si|"
    r"lorsque|quand|"
    r"sous reserve|environ|presque|pres de|principalement|dans (?:cette|l') ?etude|en general|"
    r"rarement|rarely)\b"
)


def denials(text: str) -> int:
    """How many negations a text has."""
    plain = unaccented(text).replace("’", "'")
    return len(_NEGATION.findall(_NOT_ONLY.sub(" ", plain)))


def opposed(claim: str, evidence: str) -> tuple[str, str] | None:
    """Words of a claim and of its evidence that are opposites; None where there are none.

    What has both of a pair says neither.
    """
    return _opposed(claim, evidence, _PAIRS)


def converse(claim: str, evidence: str) -> tuple[str, str] | None:
    """Words of a claim and of its evidence for the two sides of one thing: "buys", "sold"."""
    return _opposed(claim, evidence, _ROLES)


def _opposed(
    claim: str, evidence: str, pairs: Sequence[tuple[re.Pattern[str], re.Pattern[str]]]
) -> tuple[str, str] | None:
    said, shown = unaccented(claim), unaccented(evidence)
    for one, other in pairs:
        for first, second in ((one, other), (other, one)):
            claimed, stated = first.search(said), second.search(shown)
            if claimed and stated and not second.search(said) and not first.search(shown):
                return _whole(said, claimed), _whole(shown, stated)
    return None


def _whole(text: str, match: re.Match[str]) -> str:
    """The words that a match begins."""
    end = _WORD.match(text, match.end())
    return text[match.start() : end.end() if end else match.end()]


def generalised(claim: str, evidence: str) -> str:
    """The word by which a claim speaks of all where its evidence does not; empty if none."""
    said, shown = unaccented(claim), unaccented(evidence)
    for match in _ALL.finditer(said):
        if not re.search(rf"\b{re.escape(match.group())}\b", shown) and (
            not _ALL.search(shown) or _SOME.search(shown)
        ):
            return match.group()
    return ""
