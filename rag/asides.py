"""What an answer says of itself: courtesies, and statements about the search or the documents.

In English, French, German and Spanish. None of it can be checked against a document.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from rag.folding import unaccented

NEAR = 6  # words: what the subject of a sentence takes at most, or its verb
LEAST_WORDS = 3  # of what is left beside an aside
MOST_CONTRASTS = 3  # in a sentence

_WORD = re.compile(r"[^\W_]+")
_FIGURE = re.compile(r"\d")
_MARKER = re.compile(r"\s*\[\d+\]")
_CONTRACTED = re.compile(r"n't\b")


def _phrases(text: str) -> tuple[str, ...]:
    """Phrases between bars, each with a space after its last word."""
    return tuple(" ".join(phrase.split()) + " " for phrase in text.split("|"))


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# They may go before anything: what follows is looked at by itself.
_INTERJECTIONS = _phrases(
    "yes|no|sure|sure thing|of course|certainly|absolutely|definitely|great|ok|okay|well|hello|hi|"
    "hi there|hey|thanks|thank you|thank you for your question|sorry|i m sorry|i am sorry|"
    "i apologize|great question|good question|excellent question|"
    "that is a good question|that s a great question|"
    "desole|je suis desole|oui|non|bien sur|certainement|absolument|bonjour|bonsoir|salut|merci|"
    "d accord|avec plaisir|bonne question|tres bonne question|"
    "ja|nein|es tut mir leid|naturlich|gern|gerne|selbstverstandlich|hallo|guten tag|guten morgen|"
    "danke|gute frage|"
    "lo siento|si|claro|claro que si|por supuesto|hola|buenos dias|buenas tardes|gracias|con gusto|"
    "buena pregunta"
)
_COURTESIES = _phrases(
    "i hope|hope this|hope that|this helps|i am happy to|i m happy to|i am glad to|i m glad to|"
    "i d be happy|i would be happy|i d be glad|happy to|glad to|pleased to|let me|please let me|"
    "feel free|please feel free|do not hesitate|please do not hesitate|you re welcome|"
    "you are welcome|is there anything|would you like|here is|here s|here are|below is|below are|"
    "i will|i ll|i can help|i can also|in summary|in short|in conclusion|to summarize|"
    "to summarise|to sum up|"
    "j espere|n hesitez|dites moi|faites moi savoir|je reste|je suis la|je suis ravi|"
    "je vous en prie|de rien|voici|voila|ci dessous|je vais|je peux|en resume|en bref|"
    "souhaitez vous|"
    "ich hoffe|lassen sie|zogern sie nicht|sagen sie|bitte|hier ist|hier sind|hier finden sie|"
    "im folgenden|ich helfe|ich werde|ich kann|zusammenfassend|kurz gesagt|mochten sie|"
    "espero que|no dude|no dudes|aviseme|avisame|hagame saber|de nada|aqui tiene|aqui tienes|"
    "aqui esta|aqui estan|a continuacion|en resumen|estoy aqui|desea que|quiere que"
)
_SHOWING = _phrases(
    "here is|here s|here are|below is|below are|voici|hier ist|hier sind|aqui esta|aqui estan"
)
_WHAT = _set("what ce was lo")
_CONDITIONS = _phrases("if you|si vous|wenn sie|falls sie|si tiene|si necesita|si desea|si quiere")
_OFFERED = _set(
    "question questions help details detail information know ask precision precisions informations "
    "aide fragen hilfe informationen ayuda pregunta preguntas informacion detalles"
)
_TEXTS = _set(
    "document documents source sources passage passages excerpt excerpts extract extracts context "
    "text texts file files library search searches "
    "extrait extraits texte textes fichier fichiers contexte bibliotheque recherche "
    "dokument dokumente dokumenten quelle quellen unterlagen passagen auszug auszuge texten datei "
    "dateien kontext suche "
    "documento documentos fuente fuentes pasaje pasajes fragmento fragmentos texto textos "
    "extractos archivo archivos contexto busqueda"
)
_OF = _set("of de du des d der del")  # "the sources of the river" are no documents
_SEARCH = _set("search searches recherche recherches suche busqueda")
_DENIALS = _set(
    "not no nothing never nowhere none neither nobody pas rien aucun aucune jamais ne n "
    "nicht nichts kein keine keinen keiner keines keinerlei weder nada ningun ninguno ninguna ni"
)
_NOTHING = _set(
    "none neither no nothing nowhere aucun aucune rien kein keine keiner keines nichts ningun "
    "ninguno ninguna nada"
)
_SAYING = (  # the beginnings of words
    "say said mention state stating contain provid give gave includ indicat answer cover address "
    "describ discuss disclos list reveal explain tell specif report show hold offer "
    "dit dis mentionn precis contien fourni donn indiqu repond permet parl evoqu comport figur "
    "sag nenn erwahn enthalt enthiel geb gib mach beantwort angegeben beschreib steht stehen "
    "genannt dice mencion indica contien especific proporcion respond incluy ofrec explica "
    "find found trouv gefunden finde encontr"
)
_BEFORE_DENIAL = _set(
    "results resultats ergebnisse resultados do does did can could "
    " provided given available retrieved found cited shown here also however "
    "themselves itself actually explicitly unfortunately above you i uploaded shared and or both "
    "fournis fournies disponibles cites dessus dazu hierzu daruber hier aber leider jedoch sich "
    "proporcionados proporcionadas disponibles the in my your se"
)
_INFORMATION = _set(
    "information details mention answer informations reponse angaben informationen hinweis "
    "hinweise antwort informacion mencion respuesta"
)
_ABOUT = _set(
    "about on of regarding concerning is was are in available to from sur concernant dans n est "
    "disponible zu uber daruber dazu ist in verfugbar vorhanden sobre acerca en"
)
_FIRST_PERSON = _set("i je j ich yo")  # "we found no effect" is a writer's finding
_SPANISH_DENIALS = [["no", verb] for verb in ("he", "encuentro", "encontre", "puedo", "pude")]
_SEARCHED = (
    "find found search look check review read locat trouv cherch consult verifi "
    "gefunden finde gesucht durchsuch gepruft encontr encuentr busc revis"
)
_LACKED = _SEARCHED + " know see answer tell say determin sai sais vois weiss sagen beantwort"
_DISAGREEING = (
    "disagree differ conflict contradict agree diverge contredis desaccord concord widersprech "
    "widerspruch abweich weichen ubereinstimm unterscheid discrepan contradic difier coincid"
)
_PREPOSITIONS = _set("in from by on dans par sur aus von en por")
_UNCLEAR = _phrases(
    "it is unclear|it is not clear|it is unknown|it is not known|it remains unclear|this is unclear"
)
_FIXED = _phrases("not in the documents|there is nothing to search")
_DEMONSTRATIVES = _set("it this that cela ceci ce das dies es esto eso")
_CONTRAST = re.compile(
    r"(?:,|;| [–—-]) *(?:but|however|although|though|yet|mais|cependant|toutefois|bien que|aber|"
    r"jedoch|doch|obwohl|pero|aunque|sin embargo),? +",
    re.IGNORECASE,
)


def without_asides(sentence: str) -> str:
    """What a sentence states beside courtesies and remarks on the documents; nothing if it is one.

    "Sure, it has 8 experts" states the latter; so does "It has 8 experts, but the documents do not
    say how large they are".
    """
    sentence = _without_interjections(sentence)
    for contrast in itertools.islice(_CONTRAST.finditer(sentence), MOST_CONTRASTS):
        before, after = sentence[: contrast.start()], sentence[contrast.end() :]
        if _denies(before) and not _denies(after) and len(after.split()) >= LEAST_WORDS:
            return after
        if _denies(after) and not _denies(before):
            return before
    return "" if is_aside(sentence) else sentence


def introduction(line: str) -> str:
    """What a line that introduces others says of them; nothing where it is about the documents."""
    line = _without_interjections(line)
    words = _words(line)
    said = " ".join(words) + " "
    shown = next((each for each in _SHOWING if said.startswith(each)), "")
    if shown:
        line = " ".join(line.split()[len(shown.split()) - ("here s" in shown) :])
        if _words(line)[:1] and _words(line)[0] in _WHAT:
            return ""
    if not _TEXTS.isdisjoint(words) or _denies(line) or is_aside(line):
        return ""
    return line


def is_aside(sentence: str) -> bool:
    """Whether all that a sentence says is a courtesy, or about the search or the documents.

    What cites a source or gives figures is a statement, unless it is a refusal.
    """
    words = _words(sentence)
    if not words or _denies(sentence):
        return True
    said = " ".join(words) + " "
    if _FIGURE.search(_MARKER.sub("", sentence)):
        return False
    if _is_about_the_texts(words):
        return True
    offered = said.startswith(_CONDITIONS) and not _OFFERED.isdisjoint(words)
    return not _MARKER.search(sentence) and (offered or said.startswith(_COURTESIES))


def _denies(sentence: str) -> bool:
    """Whether a sentence says that the documents, or the search, do not hold something."""
    words = _words(sentence)
    said = " ".join(words) + " "
    return (
        said.startswith((*_UNCLEAR, *_FIXED))
        or _texts_do_not_say(words)
        or _nothing_says(words)
        or _is_no_information(words)
        or _is_not_said(words)
        or _finds_nothing(words)
    )


def _texts_do_not_say(words: Sequence[str]) -> bool:
    """As in "The documents do not mention", "Die Quellen sagen nichts"."""
    for at in _subjects(words):
        if words[-1] in _DENIALS and _any(words[at + 1 : at + 2], _SAYING):
            return True
        for denial in range(at + 1, min(at + 1 + NEAR, len(words))):
            if words[denial] in _DENIALS:
                near = words[at + 1 : denial + NEAR]
                return words[at] in _SEARCH or _any(near, _SAYING)
            if words[denial] not in _BEFORE_DENIAL and not _any([words[denial]], _SAYING):
                break
    return False


def _nothing_says(words: Sequence[str]) -> bool:
    """As in "None of the sources says", "Rien dans les documents ne"."""
    return bool(words) and words[0] in _NOTHING and bool(_subjects(words)) and _any(words, _SAYING)


def _is_no_information(words: Sequence[str]) -> bool:
    """As in "There is no information about", "Keine Angaben zu"."""
    for at in range(min(NEAR, len(words))):
        if words[at] in _DENIALS:
            for named in range(at + 1, min(at + 4, len(words))):
                if words[named] in _INFORMATION:
                    return named + 1 == len(words) or words[named + 1] in _ABOUT
    return False


def _is_not_said(words: Sequence[str]) -> bool:
    """As in "Its price is not mentioned in the documents", "This is not specified"."""
    for at, word in enumerate(words):
        if word in _DENIALS and _any(words[at + 1 : at + 4], _SAYING):
            after = words[at + 2 :]
            if not _TEXTS.isdisjoint(after[-3:]) and not _PREPOSITIONS.isdisjoint(after):
                return True
            if words[0] in _DEMONSTRATIVES and len(words) <= 2 * NEAR and at <= NEAR:
                return True
    at_end = len(words) > 2 and words[-2] in _DENIALS and _any(words[-1:], _SAYING)
    return at_end and not _TEXTS.isdisjoint(words)  # "wird in den Quellen nicht genannt"


def _finds_nothing(words: Sequence[str]) -> bool:
    """As in "I could not find", "Je n'ai rien trouvé", "No encuentro"."""
    if not words or (words[0] not in _FIRST_PERSON and words[:2] not in _SPANISH_DENIALS):
        return False
    near = words[: NEAR + 1]
    return any(word in _DENIALS or word == "unable" for word in near) and _any(
        [*near[1:], *words[-1:]], _LACKED
    )


def _is_about_the_texts(words: Sequence[str]) -> bool:
    """As in "Sources 1 and 2 disagree", "I searched the library"."""
    for at in _subjects(words):
        if _any(words[at + 1 : at + 1 + NEAR], _DISAGREEING):
            return True
    searched = words[0] in _FIRST_PERSON and _any(words[1:NEAR], _SEARCHED)
    return searched and not {"that", "que", "dass"}.intersection(words[1:NEAR])


def _subjects(words: Sequence[str]) -> list[int]:
    """Where documents, or the search, are named early in a sentence."""
    return [
        at
        for at, word in enumerate(words[: 2 * NEAR])
        if word in _TEXTS and (at + 1 == len(words) or words[at + 1] not in _OF)
    ][:2]


def _any(words: Iterable[str], beginnings: str) -> bool:
    return any(word.startswith(tuple(beginnings.split())) for word in words)


def _words(sentence: str) -> list[str]:
    plain = unaccented(_MARKER.sub("", sentence)).replace("’", "'").replace("cannot", "can not")
    return _WORD.findall(_CONTRACTED.sub(" not", plain).replace("_", " "))


def _without_interjections(sentence: str) -> str:
    """The sentence from the first word on that says something."""
    while True:
        begin = _first_clause(sentence)
        if not begin:
            return sentence
        sentence = sentence[begin:]


def _first_clause(sentence: str) -> int:
    """How many characters an interjection at the beginning takes, with the mark after it."""
    found = re.match(r"([^\n,.!;:–—-]{1,40}?)\s*(?:[,.!;:–—-]+\s*|$)", sentence)
    if found is None or " ".join(_words(found[1])) + " " not in _INTERJECTIONS:
        return 0
    return found.end()
