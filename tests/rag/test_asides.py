import pytest

from rag.asides import introduction, is_aside, without_asides


@pytest.mark.parametrize(
    "sentence",
    [
        "The documents do not say.",
        "The documents do not say: how many parameters does Mixtral 8x7B have?",
        "The sources don't mention its price.",
        "The provided documents do not contain any information about this.",
        "Unfortunately, the sources do not mention the price in 2023.",
        "Sources [1] and [2] disagree.",
        "The two documents disagree on this.",
        "According to my search nothing matches.",
        "None of the documents mentions ducks.",
        "Nothing in the sources says so.",
        "I could not find anything about ducks in the documents.",
        "I don't know.",
        "I'm sorry, but I cannot answer this from the documents.",
        "There is no information about ducks in the documents.",
        "The price of ducks is not mentioned in the provided documents.",
        "This is not specified in the sources.",
        "It is unclear whether ducks can fly.",
        "NOT_IN_THE_DOCUMENTS",
        "There is nothing to search yet: add a document, or choose one to ask.",
        "Sure, here is what I found",
        "Sure! Here's what I found in your documents.",
        "I hope this helps!",
        "Let me know if you have any other questions.",
        "If you have more questions, feel free to ask.",
        "Happy to help.",
        "Of course.",
        "Yes.",
        "Bonjour",
        "Bonjour !",
        "Voici ce que disent les documents",
        "Les documents ne disent rien à ce sujet.",
        "Les sources ne mentionnent pas le prix.",
        "Les documents ne précisent pas ce point.",
        "Aucun des documents ne mentionne les canards.",
        "Aucune information n'est disponible sur les canards.",
        "Je n'ai rien trouvé dans les documents.",
        "Je n'ai pas trouvé d'information à ce sujet.",
        "Le prix n'est pas mentionné dans les documents.",
        "Il n'y a pas d'informations sur ce point dans les sources.",
        "Les sources [1] et [2] se contredisent.",
        "D'après ma recherche, rien ne correspond.",
        "J'espère que cela vous aide.",
        "N'hésitez pas à poser d'autres questions.",
        "Die Dokumente sagen dazu nichts.",
        "Die Quellen erwähnen den Preis nicht.",
        "Die Dokumente enthalten keine Angaben zum Preis.",
        "Keines der Dokumente erwähnt Enten.",
        "Ich konnte dazu nichts finden.",
        "Es gibt keine Informationen über Enten.",
        "Der Preis wird in den Dokumenten nicht erwähnt.",
        "Die Quellen [1] und [2] widersprechen sich.",
        "Hier ist eine Zusammenfassung.",
        "Ich hoffe, das hilft.",
        "Guten Tag!",
        "Los documentos no mencionan el precio.",
        "Las fuentes no dicen nada al respecto.",
        "Ninguno de los documentos menciona los patos.",
        "No he encontrado información sobre los patos.",
        "No se encontró información en los documentos.",
        "No hay información sobre los patos.",
        "El precio no se menciona en los documentos.",
        "Las fuentes [1] y [2] se contradicen.",
        "Aquí tiene un resumen.",
        "Espero que esto ayude.",
        "Hola",
        "Great question!",
        "Thank you for your question.",
        "I searched your documents.",
    ],
)
def test_courtesies_and_remarks_on_the_documents_state_nothing(sentence: str) -> None:
    assert without_asides(sentence) == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "Mixtral has 8 experts.",
        "No vehicle may enter the park.",
        "There is no evidence that it causes cancer.",
        "No information may be disclosed to third parties.",
        "The sources of revenue do not include interest.",
        "The company does not report segment results.",
        "According to the document, the product does not contain nuts.",
        "According to the guide, Mixtral does not mention ducks to users.",
        "Il n'y a pas de frais de dossier.",
        "Les salariés ne paient pas de frais.",
        "Die Miete enthält keine Nebenkosten.",
        "El contrato no incluye el mantenimiento.",
        "Nothing in this Act affects the rights of the tenant.",
        "None of the directors attended.",
        "The document is signed by the mayor.",
        "The search for oil ended in 1990.",
        "It is not permitted to smoke.",
        "I found that the drug reduced pain.",
        "Here we report a reduction.",
        "We reviewed 12 trials.",
        "No smoking is allowed.",
        "The contract does not mention penalties [1].",
        "Contractors and employers agree on wages.",
        "I have worked there for ten years.",
        "We do not have any debt.",
        "Sources [1] and [2] disagree: revenue was $5 million in one and $6 million in the other.",
        "Das Ergebnis stieg.",
        "Die Suche nach Gold endete.",
        "Well water is safe to drink.",
        "Results do not include discontinued operations.",
        "The results do not include Russia.",
        "The file does not exceed 5 MB.",
        "Nous ne disposons pas de trésorerie suffisante.",
        "The passage connects two rivers.",
    ],
)
def test_what_sounds_alike_but_states_something_is_kept(sentence: str) -> None:
    assert without_asides(sentence) == sentence


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        ("Sure, Mixtral has 8 experts.", "Mixtral has 8 experts."),
        ("Yes! Of course: it is open.", "it is open."),
        ("Ja, der Preis beträgt 5 Euro.", "der Preis beträgt 5 Euro."),
        ("Sales were $5 million, but the documents do not say why.", "Sales were $5 million"),
        ("The sources do not mention 2023, but it was $5 in 2022.", "it was $5 in 2022."),
        ("Le prix est de 5 €, mais les documents ne précisent pas la date.", "Le prix est de 5 €"),
        ("Es kostet 5 €, aber die Quellen sagen nicht, seit wann.", "Es kostet 5 €"),
        ("Cuesta 5 €, pero los documentos no dicen desde cuándo.", "Cuesta 5 €"),
        ("It is fast, but it is not cheap.", "It is fast, but it is not cheap."),
    ],
)
def test_what_is_stated_beside_an_aside_is_left(sentence: str, stated: str) -> None:
    assert without_asides(sentence) == stated


def test_what_cites_a_source_or_gives_figures_is_no_aside_unless_it_refuses() -> None:
    assert not is_aside("Here is the mountain that the guide describes [1].")
    assert not is_aside("Sources [1] and [2] disagree: $5 million in one, $6 million in the other.")
    assert is_aside("The documents do not say how many of the 12 are left [1].")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Here are the prices of 2022:", "the prices of 2022:"),
        ("Voici les prix :", "les prix :"),
        ("Revenue by segment:", "Revenue by segment:"),
        ("Here's what I found:", ""),
        ("The documents name three of them:", ""),
        ("Sure!", ""),
    ],
)
def test_an_introduction_is_what_it_says_of_what_follows(line: str, said: str) -> None:
    assert introduction(line) == said
