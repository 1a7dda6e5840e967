"""Replies as models write them, well and badly, and how a question must end with each."""

from __future__ import annotations

from dataclasses import dataclass

from rag.checking import FOUND_ANYWAY, FOUND_ELSEWHERE, NO_SOURCE
from rag.domain import Verdict

TEXTS = {
    "aurelia.txt": "Aurelia Foods reported net sales of $48.2 million in 2022, compared with $41.7 "
    "million in 2021. The company employs 312 people at its plant in Brest. Its chief executive is "
    "Marie Lambert.",
    "lighthouse.txt": "The lighthouse of Camarat was lit for the first time in 1831. Its lamp "
    "stands 129.8 metres above the sea. The keeper lives in Ramatuelle.",
    "guide.txt": "The bridge of Tancarville has a main span of 608 metres. It was opened in 1959.",
    "leaflet.txt": "The bridge of Tancarville has a main span of 650 metres. Lorries pay a toll.",
    "cidrerie.txt": "La Cidrerie du Trieux a réalisé un chiffre d'affaires de 48,2 millions "
    "d'euros en 2022, contre 41,7 millions d'euros en 2021. Elle emploie 312 personnes à Paimpol. "
    "Sa directrice est Anne Le Goff.",
    "phare.txt": "Le phare de Ploumanac'h a été allumé pour la première fois en 1860. Sa lanterne "
    "se trouve à 26 mètres au-dessus de la mer.",
    "plan.txt": "La passerelle de Port-Blanc mesure 240 mètres de long. Elle est en bois.",
    "annonce.txt": "La passerelle de Port-Blanc mesure 260 mètres de long. Elle est fermée.",
}
SALES = "What were the net sales of Aurelia Foods in 2022?"
STAFF = "How many people does Aurelia Foods employ?"
DIVIDEND = "What dividend does Aurelia Foods pay to its shareholders?"
SPAN = "How long is the main span of the bridge of Tancarville?"
REVENUE = "Quel a été le chiffre d'affaires de la Cidrerie du Trieux en 2022 ?"
WORKERS = "Combien de personnes la Cidrerie du Trieux emploie-t-elle ?"
GRANT = "Quelle subvention la Cidrerie du Trieux a-t-elle reçue ?"
LENGTH = "Quelle est la longueur de la passerelle de Port-Blanc ?"

SOLD = "Aurelia Foods reported net sales of $48.2 million in 2022"
EMPLOYS = "The company employs 312 people at its plant in Brest"
SOLD_FR = "La Cidrerie du Trieux a réalisé un chiffre d'affaires de 48,2 millions d'euros en 2022"
EMPLOYS_FR = "Elle emploie 312 personnes à Paimpol"
SPANS = "The bridge of Tancarville has a main span of 608 metres"
MEASURES = "La passerelle de Port-Blanc mesure 240 mètres de long"
REFUSAL = "The documents do not say."
NOWHERE = f"{NO_SOURCE}, and none of those found says it"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about a claim; `documents` are those of its quotes."""

    verdict: Verdict
    reason: str = ""
    documents: tuple[str, ...] = ()
    cited: bool = True


@dataclass(frozen=True, slots=True)
class Ending:
    """How a question ended, whichever way it came in.

    `cited` are the documents of its citations, each with a verdict, `values` what documents
    disagree about, and `nearest` the documents of the pages that a refusal shows.
    """

    text: str
    claims: tuple[Found, ...] = ()
    cited: tuple[tuple[str, Verdict], ...] = ()
    values: tuple[tuple[tuple[str, str], ...], ...] = ()
    refused: bool = False
    grounded: bool = True
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A reply and its ending.

    In the reply, `{aurelia}` is the number under which the model was shown that document.
    """

    name: str
    question: str
    reply: str
    ending: Ending
    strict: bool = True


def backed(*documents: str) -> Found:
    return Found(Verdict.SUPPORTED, "", tuple(f"{name}.txt" for name in documents))


def found_anyway(name: str) -> Found:
    return Found(Verdict.SUPPORTED, FOUND_ANYWAY, (f"{name}.txt",), cited=False)


def found_elsewhere(name: str) -> Found:
    return Found(Verdict.PARTLY, FOUND_ELSEWHERE, (f"{name}.txt",))


def unsaid(name: str, reason: str) -> Found:
    return Found(Verdict.UNSUPPORTED, reason, (f"{name}.txt",))


def cites(*names: str, verdict: Verdict = Verdict.SUPPORTED) -> tuple[tuple[str, Verdict], ...]:
    return tuple((f"{name}.txt", verdict) for name in names)


UNSAID = Verdict.UNSUPPORTED
UNCITED = Found(Verdict.UNCITED, NOWHERE, (), cited=False)
ONE_BACKED = Ending(f"{SOLD} [1].", (backed("aurelia"),), cites("aurelia"))
ONE_BACKED_FR = Ending(f"{EMPLOYS_FR} [1].", (backed("cidrerie"),), cites("cidrerie"))
BRIDGE = ((("608 metres", "guide.txt"), ("650 metres", "leaflet.txt")),)
FOOTBRIDGE = ((("240 mètres", "plan.txt"), ("260 mètres", "annonce.txt")),)
WRONG_SALES = "the source says $48.2 million, not $58.2 million"
WRONG_REVENUE = "the source says 48,2 millions d'euros, not 84,2 millions d'euros"

CASES = [
    Case(
        "a marker of no source is dropped, and the claim is found anyway",
        SALES,
        f"{SOLD} [77].",
        Ending(f"{SOLD}.", (found_anyway("aurelia"),)),
    ),
    Case(
        "un renvoi à aucune source",
        REVENUE,
        f"{SOLD_FR} [77].",
        Ending(f"{SOLD_FR}.", (found_anyway("cidrerie"),)),
    ),
    Case(
        "a marker of no source beside one that is right",
        SALES,
        f"{SOLD} [{{aurelia}}][77].",
        ONE_BACKED,
    ),
    Case(
        "a marker on the wrong source is told, and the right one is shown",
        SALES,
        f"{SOLD} [{{lighthouse}}]. {EMPLOYS} [{{aurelia}}].",
        Ending(
            f"{SOLD} [1]. {EMPLOYS} [2].",
            (found_elsewhere("aurelia"), backed("aurelia")),
            (*cites("lighthouse", verdict=UNSAID), *cites("aurelia")),
        ),
    ),
    Case(
        "an answer whose only marker is on the wrong source is no refusal",
        WORKERS,
        f"{EMPLOYS_FR} [{{phare}}].",
        Ending(
            f"{EMPLOYS_FR} [1].",
            (found_elsewhere("cidrerie"),),
            cites("phare", verdict=UNSAID),
        ),
    ),
    Case(
        "an invented figure is marked, with what the source says",
        SALES,
        f"Aurelia Foods reported net sales of $58.2 million in 2022 [{{aurelia}}]. "
        f"{EMPLOYS} [{{aurelia}}].",
        Ending(
            f"Aurelia Foods reported net sales of $58.2 million in 2022 [1]. {EMPLOYS} [1].",
            (unsaid("aurelia", WRONG_SALES), backed("aurelia")),
            (*cites("aurelia", verdict=UNSAID), *cites("aurelia")),
        ),
    ),
    Case(
        "un chiffre inventé",
        REVENUE,
        f"{SOLD_FR.replace('48,2', '84,2')} [{{cidrerie}}]. {EMPLOYS_FR} [{{cidrerie}}].",
        Ending(
            f"{SOLD_FR.replace('48,2', '84,2')} [1]. {EMPLOYS_FR} [1].",
            (unsaid("cidrerie", WRONG_REVENUE), backed("cidrerie")),
            (*cites("cidrerie", verdict=UNSAID), *cites("cidrerie")),
        ),
    ),
    Case(
        "without markers the sources are found anyway",
        STAFF,
        f"{EMPLOYS}. {SOLD}.",
        Ending(f"{EMPLOYS}. {SOLD}.", (found_anyway("aurelia"), found_anyway("aurelia"))),
    ),
    Case(
        "sans renvois",
        WORKERS,
        f"{EMPLOYS_FR}.",
        Ending(f"{EMPLOYS_FR}.", (found_anyway("cidrerie"),)),
    ),
    Case(
        "two numbers in one marker",
        SPAN,
        f"{SPANS} [{{guide}}, {{leaflet}}].",
        Ending(
            f"{SPANS} [1][2].",
            (backed("guide"),),
            (*cites("guide"), *cites("leaflet", verdict=UNSAID)),
            BRIDGE,
        ),
    ),
    Case("a marker in lenticular brackets", SALES, f"{SOLD} 【{{aurelia}}†source】.", ONE_BACKED),
    Case("a source named in words", SALES, f"{SOLD} (Source {{aurelia}}).", ONE_BACKED),
    Case("a footnote", SALES, f"{SOLD} [^{{aurelia}}].", ONE_BACKED),
    Case(
        "a superscript",
        SALES,
        f"{SOLD}.{{aurelia:raised}} {EMPLOYS}.{{aurelia:raised}}",
        Ending(
            f"{SOLD}.[1] {EMPLOYS}.[1]",
            (backed("aurelia"), backed("aurelia")),
            cites("aurelia", "aurelia"),
        ),
    ),
    Case("des crochets noirs", WORKERS, f"{EMPLOYS_FR} 【{{cidrerie}}】.", ONE_BACKED_FR),
    Case(
        "une source en toutes lettres",
        WORKERS,
        f"{EMPLOYS_FR} (source {{cidrerie}}).",
        ONE_BACKED_FR,
    ),
    Case(
        "a refusal in prose",
        DIVIDEND,
        "The sources do not mention any dividend.",
        Ending(f"The sources do not mention any dividend.\n\n{REFUSAL}", refused=True),
    ),
    Case(
        "un refus en phrases",
        GRANT,
        "Les documents ne précisent pas quelle subvention la cidrerie a reçue.",
        Ending(
            f"Les documents ne précisent pas quelle subvention la cidrerie a reçue.\n\n{REFUSAL}",
            refused=True,
        ),
    ),
    Case(
        "a refusal by the word for it",
        DIVIDEND,
        "NOT_IN_THE_DOCUMENTS",
        Ending(REFUSAL, refused=True),
    ),
    Case(
        "nothing of it is backed, and it is refused",
        SALES,
        "Aurelia Foods reported net sales of $58.2 million in 2022 [{aurelia}].",
        Ending(
            f"Aurelia Foods reported net sales of $58.2 million in 2022 [1].\n\n{REFUSAL}",
            (unsaid("aurelia", WRONG_SALES),),
            cites("aurelia", verdict=UNSAID),
            refused=True,
        ),
    ),
    Case(
        "rien n'est étayé",
        WORKERS,
        "Jules Verne a fondé 74 chantiers navals à Nantes. Il possédait 19 navires.",
        Ending(
            "Jules Verne a fondé 74 chantiers navals à Nantes. Il possédait 19 navires."
            f"\n\n{REFUSAL}",
            (UNCITED, UNCITED),
            refused=True,
        ),
    ),
    Case(
        "nothing of it is backed, and it is labelled where that is set",
        SALES,
        "Aurelia Foods reported net sales of $58.2 million in 2022 [{aurelia}].",
        Ending(
            "Aurelia Foods reported net sales of $58.2 million in 2022 [1].",
            (unsaid("aurelia", WRONG_SALES),),
            cites("aurelia", verdict=UNSAID),
            grounded=False,
        ),
        strict=False,
    ),
    Case(
        "two documents disagree, and the answer names one",
        SPAN,
        f"{SPANS} [{{guide}}].",
        Ending(f"{SPANS} [1].", (backed("guide"),), cites("guide"), BRIDGE),
    ),
    Case(
        "deux documents se contredisent",
        LENGTH,
        f"{MEASURES} [{{plan}}].",
        Ending(f"{MEASURES} [1].", (backed("plan"),), cites("plan"), FOOTBRIDGE),
    ),
]
