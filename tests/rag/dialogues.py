"""Scripted conversations, and questions that need no conversation to be understood.

A turn is what is typed, and what the question that is searched must and must not say, in words or
phrases without regard to case. A turn without either must be searched exactly as it was typed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """What is asked, and the words of the standalone question."""

    asked: str
    says: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


def turn(asked: str, says: str = "", lacks: str = "") -> Turn:
    """A turn from words parted by bars."""
    return Turn(asked, *(tuple(filter(None, each.split("|"))) for each in (says, lacks)))


DIALOGUES: dict[str, tuple[Turn, ...]] = {
    "filings, the period and the company change": (
        turn("What was 3M's revenue in 2022?"),
        turn("And in 2021?", "3M|revenue|2021", "2022"),
        turn("what about Pfizer?", "Pfizer|revenue|2021", "3M|2022"),
        turn("and the operating margin?", "Pfizer|operating margin|2021", "3M"),
        turn("How many employees does it have?", "Pfizer|employees", "3M| it "),
        turn("Who is the CEO of Adobe?"),
        turn("When was he appointed?", "Adobe|CEO|appointed", "Pfizer"),
    ),
    "quarters": (
        turn("What were Best Buy's comparable sales in Q2 2024?"),
        turn("In Q3?", "Best Buy|comparable sales|Q3|2024", "Q2"),
        turn("and in the year before?", "Best Buy|comparable sales|2023", "2024"),
        turn("What was the gross profit in that year?", "gross profit|Best Buy|2023", "2024"),
    ),
    "a statute": (
        turn("How long is the notice period for tenants?"),
        turn("And for landlords?", "notice period|landlords"),
        turn("What does article 17 of the GDPR say about erasure?"),
        turn("And article 18?", "article 18|GDPR", "article 17"),
        turn("Who enforces it?", "GDPR|enforces", " it?"),
        turn("What is the largest fine?"),
    ),
    "another company, with its year": (
        turn("How many employees does Netflix have?"),
        turn("and Pfizer in 2023?", "employees|Pfizer|2023", "Netflix"),
        turn("what about Adobe?", "employees|Adobe", "Netflix|Pfizer"),
    ),
    "codes of two kinds": (
        turn("What does error E07 mean on the KX-4711?"),
        turn("and E12?", "error|E12|KX-4711", "E07"),
        turn("What about the KX-4720?", "error|E12|KX-4720", "KX-4711"),
    ),
    "a labelled code": (
        turn("Was bedeutet Fehler F3 bei der BR-250?"),
        turn("und F8?", "Fehler F8|BR-250", "F3"),
    ),
    "what is asked in capitals": (
        turn("How much did Arden spend on R&D in 2022?"),
        turn("and for Borealis?", "Borealis|R&D|2022", "Arden"),
        turn("and dividends?", "dividends|Borealis|2022", "Arden"),
    ),
    "months": (
        turn("What did the board approve in March 2024?"),
        turn("And in May?", "board|May 2024", "March"),
        turn("and in September?", "board|September 2024", "May"),
    ),
    "versions of one thing": (
        turn("How many parameters does Mixtral 8×7B use per token?"),
        turn("and Mixtral 8×22B?", "parameters|Mixtral 8×22B|per token", "8×7B"),
        turn("And Pixtral 12B?", "parameters|Pixtral 12B|per token", "8×22B|Mixtral"),
        turn("Wie viel kostet Codestral 22B?"),
        turn("und Ministral 8B?", "kostet|Ministral 8B", "Codestral"),
    ),
    "a manual": (
        turn("How do I descale the Brewmaster 300?"),
        turn("How often should I do that?", "descale|Brewmaster 300|how often"),
        turn("Why?", "descale|Brewmaster 300|why"),
        turn("What is its warranty?", "Brewmaster 300|warranty", " its "),
        turn("and the Brewmaster 500?", "Brewmaster 500|warranty", "Brewmaster 300"),
    ),
    "une conversation sur deux entreprises": (
        turn("Quel était le chiffre d'affaires de Danone en 2022 ?"),
        turn("Et en 2023 ?", "chiffre d'affaires|Danone|2023", "2022"),
        turn("Et pour Nestlé ?", "chiffre d'affaires|Nestlé|2023", "Danone"),
        turn("Combien d'employés a-t-elle ?", "employés|Nestlé"),
        turn("Et la marge opérationnelle ?", "marge opérationnelle|Nestlé"),
        turn("Pourquoi ?", "marge opérationnelle|Nestlé|pourquoi"),
    ),
    "ein Gespräch über zwei Unternehmen": (
        turn("Wie hoch war der Umsatz von Siemens im Jahr 2022?"),
        turn("Und 2021?", "Umsatz|Siemens|2021", "2022"),
        turn("Und die Marge?", "Marge|Siemens|2021", "Umsatz"),
        turn("Wie sieht es bei BASF aus?", "Marge|BASF|2021", "Siemens"),
        turn("Wie viele Mitarbeiter hat das Unternehmen?", "Mitarbeiter|BASF"),
        turn("Wie lange ist die Kündigungsfrist für Mieter?"),
        turn("Und für Vermieter?", "Kündigungsfrist|Vermieter"),
    ),
    "una conversación sobre un contrato": (
        turn("¿Cuáles fueron los ingresos de Iberdrola en 2021?"),
        turn("¿Y en 2022?", "ingresos|Iberdrola|2022", "2021"),
        turn("¿Y los de Repsol?", "ingresos|Repsol|2022", "Iberdrola"),
        turn("¿Cuántos empleados tiene?", "empleados|Repsol"),
        turn("¿Quién es su presidente?", "presidente|Repsol"),
    ),
    "invented companies, compared": (
        turn("Compare the revenue of Norvex and Halden Marine in 2020"),
        turn("Which one was larger?", "Norvex|Halden Marine|revenue|2020|larger"),
        turn("And in 2019?", "Norvex|Halden Marine|revenue|2019", "2020"),
        turn("What were Norvex's main risks?"),
        turn("Who audits it?", "audits|Norvex", " it?|Halden"),
        turn("Tell me more", "audits|Norvex"),
        turn("And what about Halden Marine?", "audits|Halden Marine", "Norvex"),
        turn("What was the net loss the year before?", "net loss|Halden Marine"),
    ),
    "fiscal years and segments": (
        turn("What was Microsoft's operating income in fiscal 2023?"),
        turn("How about FY2022?", "Microsoft|operating income|2022", "2023"),
        turn("And Amazon's?", "Amazon|operating income|2022", "Microsoft"),
        turn(
            "What did they spend on research and development?",
            "Amazon|research and development|2022",
        ),
        turn("and in the first quarter of 2021?", "Amazon|first quarter of 2021", "2022"),
        turn("Does Netflix pay a dividend?"),
        turn("Did it ever pay one?", "Netflix|dividend", "Amazon"),
    ),
    "a lease": (
        turn("What deposit does the Harbour Street lease require?"),
        turn("When is it returned?", "Harbour Street|returned"),
        turn("And if the tenant damages the floor?", "Harbour Street|tenant damages the floor"),
        turn("Who pays for repairs in a rented flat?"),
        turn("Under which law?", "repairs|rented flat|which law"),
        turn("Is subletting allowed without consent?"),
    ),
    "a person": (
        turn("When was Marie Curie born?"),
        turn("Where did she study?", "Marie Curie|study", " she "),
        turn("What were her discoveries?", "Marie Curie|discoveries", " her "),
        turn("And Pierre Curie?", "Pierre Curie|discoveries", "Marie"),
        turn("How tall is the Eiffel Tower?"),
        turn("Who designed it?", "Eiffel Tower|designed", "Curie"),
    ),
    "un règlement": (
        turn("Que dit l'article 6 du RGPD ?"),
        turn("Et l'article 9 ?", "article 9|RGPD", "article 6"),
        turn("Qui contrôle son application ?", "application|article 9|RGPD"),
        turn("Quelle est la sanction maximale prévue par le code de la route ?"),
        turn("Et pour les récidivistes ?", "sanction|code de la route|récidivistes"),
        turn("Quel a été le bénéfice de Renault au premier trimestre 2021 ?"),
        turn("Et au deuxième trimestre ?", "bénéfice|Renault|deuxième trimestre|2021", "premier"),
        turn("Et l'année précédente ?", "bénéfice|Renault|2020", "2021"),
        turn("Qu'en est-il de Peugeot ?", "bénéfice|Peugeot|2020", "Renault"),
    ),
    "eine Maschine": (
        turn("Wie entkalke ich die Kaffeemaschine KX-200?"),
        turn("Wie oft muss ich das machen?", "KX-200|wie oft"),
        turn("Wie lange gilt die Garantie dafür?", "Garantie|KX-200"),
        turn("Und bei der KX-300?", "Garantie|KX-300", "KX-200"),
        turn("Wann wurde die BASF gegründet?"),
        turn("Wer leitet sie heute?", "leitet|BASF"),
        turn("Wie viele Mitarbeiter hatte sie im Jahr 2020?", "Mitarbeiter|BASF|2020"),
        turn("Und im Vorjahr?", "Mitarbeiter|BASF|2019", "2020"),
    ),
    "un manual y una ley": (
        turn("¿Qué dice el artículo 5 de la Ley Orgánica?"),
        turn("¿Y el artículo 6?", "artículo 6|Ley Orgánica", "artículo 5"),
        turn("¿Cuál es su alcance?", "alcance|Ley Orgánica"),
        turn("¿Cuál fue la deuda de Telefónica en 2020?"),
        turn("¿Y el año anterior?", "deuda|Telefónica|2019", "2020"),
        turn("¿Y la de Cellnex?", "deuda|Cellnex|2019", "Telefónica"),
        turn("¿Por qué?", "Cellnex|por qué"),
    ),
    "a club and its fees": (
        turn("What are Costco's membership fees in 2021?"),
        turn("How have they changed since 2019?", "Costco|membership fees|2019"),
        turn("What about 2020?", "Costco|2020", "2019"),
        turn("Is Amazon growing faster?"),
        turn("and what is the debt?", "debt|Amazon", "Costco"),
    ),
    "a tool": (
        turn("Which safety class does the Torvik X2 drill have?"),
        turn("Can it be used outdoors?", "Torvik X2|outdoors"),
        turn("What does it weigh?", "Torvik X2|weigh"),
        turn("How much?", "Torvik X2|how much"),
        turn("And the X3?", "X3", "X2"),
        turn("Does the battery fit both?"),
    ),
    "sections of an act": (
        turn("What does section 12 of the Companies Act require?"),
        turn("Does section 14 require it too?", "section 14"),
        turn("And under the Partnership Act?", "section 14|Partnership Act"),
        turn("Who can be fined?"),
        turn("By whom?", "fined|by whom"),
    ),
    "risques et trésorerie": (
        turn("Quels sont les risques cités par Airbus ?"),
        turn("Comment les réduit-elle ?", "Airbus|réduit"),
        turn("Quelle était sa trésorerie en 2021 ?", "trésorerie|Airbus|2021"),
        turn("Et l'année suivante ?", "trésorerie|Airbus|2022", "2021"),
        turn("Et Boeing ?", "trésorerie|Boeing|2022", "Airbus"),
        turn("Où se trouve le siège de la Banque de France ?"),
        turn("Quand a-t-elle été créée ?", "Banque de France|créée"),
    ),
    "Risiken und Artikel": (
        turn("Welche Risiken nennt Volkswagen im Geschäftsbericht 2021?"),
        turn("Und Daimler?", "Risiken|Daimler|2021", "Volkswagen"),
        turn("Wie hoch war ihr Gewinn?", "Gewinn|Daimler|2021"),
        turn("Und der Cashflow?", "Cashflow|Daimler|2021"),
        turn("Im dritten Quartal?", "Daimler|dritten Quartal|2021"),
        turn("Was regelt Artikel 5 der Verordnung?"),
        turn("Und Artikel 6?", "Artikel 6|Verordnung", "Artikel 5"),
        turn("Wer darf einen Antrag stellen?"),
    ),
    "una lavadora y un banco": (
        turn("¿Qué garantía tiene la lavadora Lumo 7?"),
        turn("¿Y la Lumo 9?", "garantía|Lumo 9", "Lumo 7"),
        turn("¿Cuánto pesa?", "Lumo 9|pesa"),
        turn("¿Qué beneficio obtuvo Santander en el tercer trimestre de 2022?"),
        turn("¿Y en el cuarto?", "Santander|cuarto"),
        turn("¿Y BBVA?", "BBVA|beneficio", "Santander"),
    ),
    "shops, then a lease": (
        turn("What was Ulta Beauty's net sales growth in Q4 2023?"),
        turn("same question for Foot Locker", "Foot Locker|net sales growth|Q4 2023", "Ulta"),
        turn("and its inventory?", "inventory|Foot Locker|2023"),
        turn("what drove that?", "inventory|Foot Locker"),
        turn("Explain", "Foot Locker"),
        turn("How many stores did the company close?", "stores|Foot Locker"),
        turn("when does the lease in Utrecht end?"),
        turn("who is the landlord there?", "landlord|Utrecht"),
    ),
}

COMPLETE = (
    "What is the notice period for employees under the collective agreement?",
    "How many people live in Zürich?",
    "Why do plants close their stomata?",
    "What did Tesla say about its margins in 2023?",
    "If the pump fails, who repairs it?",
    "How long does it take to descale the machine?",
    "Is it possible to cancel the contract early?",
    "What is the purpose of this document?",
    "Which countries signed the Treaty of Rome?",
    "Who lost their lives in the accident?",
    "research and development expenses Adobe 2022",
    "List the risks that Netflix names.",
    "What happens when the lamp turns red?",
    "Does the warranty cover batteries that leak?",
    "And what was the revenue of Pfizer in 2021?",
    "What are the terms and conditions of the loan?",
    "Where were the Olympic Games held in 1936?",
    "Quelle est la durée du préavis pour un locataire ?",
    "Qui a fondé la Croix-Rouge ?",
    "Pourquoi la banque a-t-elle refusé le prêt ?",
    "Combien de magasins la chaîne a-t-elle ouverts ?",
    "Combien coûte l'entretien de la chaudière ?",
    "Est-ce qu'il faut un permis pour construire une terrasse ?",
    "Wie hoch ist der Mindestlohn in Deutschland?",
    "Wer gründete das Rote Kreuz?",
    "Was passiert, wenn die Lampe rot leuchtet?",
    "Ist es möglich, den Vertrag vorzeitig zu kündigen?",
    "¿Quién fundó la Cruz Roja?",
    "¿Cuánto dura la garantía de la batería?",
    "¿Es posible cancelar el contrato antes de tiempo?",
    "¿Qué países firmaron el Tratado de Roma?",
    "vacation policy",
)
