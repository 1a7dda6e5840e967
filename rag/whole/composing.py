"""Writing an e-mail or a report from facts of the documents, each cited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

from rag.domain import Event, Passage, Quote, Retrieved, Scope, Source, TextDelta
from rag.errors import QuestionError
from rag.evidence import Evidence
from rag.folding import flowing
from rag.providers.reader import choose
from rag.rephrasing import rephrased
from rag.retrieval import checked_question
from rag.verification import quote_of
from rag.whole.prompts import WRITE_EMAIL, WRITE_REPORT, compose_fitted
from rag.whole.resources import Resources
from rag.whole.sheet import Sheet

TextKind = Literal["email", "report"]
TEXT_KINDS: tuple[TextKind, ...] = get_args(TextKind)
FACTS = 3  # quoted for each part, without a language model
MOST_PARTS, WORDS_OF_A_PART = 6, 3
FEWEST_WORDS = 4  # of a quote; what is shorter is a heading
LONGEST_HEADING = 90  # characters
NOT_WRITTEN = "Only facts to write from, quoted: writing the text itself takes a language model."
LEFT_OPEN = "The documents do not say this."
_SYSTEMS = {"email": WRITE_EMAIL, "report": WRITE_REPORT}

_JOINED = re.compile(r"\s*[,;]\s*(?:and|et|und|y)\s+|\s*[,;]\s+|\s+(?:and|et|und|y)\s+")
_KIND = (
    r"(?:e-?mails?|mails?|letters?|reports?|notes?|memos?|brief(?:ing)?s?|texts?|messages?|"
    r"courriels?|lettres?|rapports?|berichte?|nachrichten?|correo|informe)"
)
# What an instruction says of the text itself, before it says what the text is about.
_FRAME = re.compile(
    r"^\s*(?:please\s+|s'il (?:te|vous) pla[iî]t,?\s+|bitte\s+)?(?:can you\s+|could you\s+)?"
    r"(?:write|draft|compose|prepare|rédige[rz]?|écri(?:s|vez|re)|prépare[rz]?|schreiben?(?: sie)?|"
    r"verfassen?(?: sie)?|escrib[ea]|redacta)\s+(?:(?:me|us|moi|nous|mir|uns)\s+)?"
    rf"(?:(?:an?|the|une?|le|la|eine?n?|un|una)\s+)?(?:[\w-]+\s+){{0,2}}?{_KIND}\b[\s,:]*",
    re.IGNORECASE,
)
_TO_WHOM = re.compile(
    r"^(?:to|for|à|au|aux|pour|an|für|para|a)\s+(?:[^\s,:]+\s+){1,6}?"
    r"(?=(?:about|on|that|which|who|explaining|saying|describing|summari[sz]ing|telling|comparing|"
    r"with|sur|concernant|expliquant|disant|qui|über|sobre|:)(?!\w))",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:(?:about|on|regarding|concerning|(?:that|which|who|and)?\s*(?:explain|say|describ|"
    r"summari[sz]|tell|compar|list|stat)(?:e?s|ing|e)?(?:\s+(?:to )?(?:them|him|her|us))?"
    r"(?: that)?|"
    r"sur|au sujet de|à propos de|concernant|expliquant|disant|über|sobre)\b\s*|:\s*)+",
    re.IGNORECASE,
)


def topic_of(instruction: str) -> str:
    """What a text is to be about, without the words that ask for a text."""
    rest = _FRAME.sub("", instruction, count=1)
    rest = _TO_WHOM.sub("", rest, count=1)
    rest = _ABOUT.sub("", rest.lstrip(), count=1).strip(" .:")
    return rest or instruction.strip()


def parts_of(topic: str) -> tuple[str, ...]:
    """The things that a text is to be about, each searched on its own; none for a single one."""
    asked = rephrased(topic, ()).parts
    if asked:
        return asked
    pieces = [piece.strip(" .") for piece in _JOINED.split(topic)]
    if len(pieces) > MOST_PARTS or any(len(piece.split()) < WORDS_OF_A_PART for piece in pieces):
        return ()
    return tuple(dict.fromkeys(pieces)) if len(pieces) > 1 else ()


def kind_of(instruction: str) -> TextKind:
    """Whether an instruction asks for a report; if it does not say so, an e-mail it is."""
    frame = _FRAME.match(instruction)
    said = frame.group() if frame else instruction
    return (
        "report"
        if re.search(r"(?i)\b(?:reports?|rapports?|berichte?|informe)\b", said)
        else ("email")
    )


def compose(
    instruction: str, kind: TextKind, scope: Scope, resources: Resources
) -> Iterator[Event]:
    """Write a text from what the documents say; the last event is the `Answer`.

    Args:
        instruction: what the text should say, and to whom.
        kind: what is to be written.
        scope: where facts are looked for.
        resources: what the work draws on.

    Raises:
        QuestionError: there is no instruction.
        ProviderError: the model's server failed.
    """
    instruction = checked_question(instruction)
    topic = topic_of(instruction)
    if not topic:
        raise QuestionError("Say what the text should be about.")
    resources.chat.connect()
    parts = parts_of(topic)
    found = resources.retriever.retrieve(topic, scope, resources.passages, parts)
    yield Retrieved(found.passages)
    sheet = Sheet(resources, topic)
    instructable = resources.card.instructable
    too_low = found.evidence.is_below(resources.bar, instructable=instructable)
    evidence = found.evidence.score if found.passages else None
    notice = found.notice
    if not found.passages or too_low:
        yield from sheet.refuse(searched=found.searched)
    elif instructable:
        sources = [Source(at, each) for at, each in enumerate(found.passages, start=1)]
        request = f"The instruction: {instruction}"
        prompt = compose_fitted(_SYSTEMS[kind], sources, request, resources.card)
        yield from sheet.stream(prompt)
        if sheet.refused or sheet.nothing_stands:
            yield from sheet.refuse(searched=found.searched)
    else:
        weighed = list(zip(parts, found.by_part, strict=True)) or [(topic, found.evidence)]
        yield from _skeleton(kind, topic, weighed, found.passages, resources, sheet)
        notice = f"{notice} {NOT_WRITTEN}".strip()
    yield sheet.answer(notice, found=found.passages, evidence=evidence)


def _skeleton(
    kind: TextKind,
    topic: str,
    parts: Sequence[tuple[str, Evidence]],
    passages: Sequence[Passage],
    resources: Resources,
    sheet: Sheet,
) -> Iterator[TextDelta]:
    """The facts as quotes under a heading for each part, and no prose of ours."""
    heading = _shortened(topic)
    yield from sheet.say(f"**Subject:** {heading}" if kind == "email" else f"# {heading}")
    said: set[tuple[str, int, int]] = set()
    for part, evidence in parts:
        if len(parts) > 1:
            title = _shortened(part)
            yield from sheet.say(f"\n\n**{title}**" if kind == "email" else f"\n\n## {title}")
        quotes = _facts(part, passages, resources)
        fresh = [each for each in quotes if (each.document.id, each.page, each.start) not in said]
        if evidence.is_below(resources.bar, instructable=False) or not quotes:
            yield from sheet.say(f"\n\n{LEFT_OPEN}")
            continue
        yield from sheet.say("\n")
        for quote in fresh or quotes[:1]:
            said.add((quote.document.id, quote.page, quote.start))
            yield from sheet.quote("\n- ", quote)


def _facts(part: str, passages: Sequence[Passage], resources: Resources) -> list[Quote]:
    """The sentences that say most of a part, best first."""
    sentences = resources.scorer.score(part, passages)
    texts = [passages[each.passage].text[each.span.start : each.span.end] for each in sentences]
    titles = {flowing(head).casefold() for each in passages for head in each.heading}
    titles |= {flowing(each.document.title).casefold() for each in passages}
    chosen = [
        at
        for at in choose(part, sentences, texts, titles)
        if len(texts[at].split()) >= FEWEST_WORDS
    ][:FACTS]
    return [quote_of(passages[sentences[at].passage], sentences[at].span) for at in chosen]


def _shortened(text: str) -> str:
    """A text as a heading: on one line, its first letter a capital."""
    line = flowing(text).rstrip(" ?.")
    if len(line) > LONGEST_HEADING:
        line = line[:LONGEST_HEADING].rsplit(" ", 1)[0] + " …"
    return line[:1].upper() + line[1:]
