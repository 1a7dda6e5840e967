"""Summaries of whole documents, cited by page.

A language model reads the pages in parts that fit, takes notes of each with the numbers of their
pages, and writes the summary from the notes, in as many rounds as it takes. Without one, the
sentences that say most are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rag.citations import MarkerReader
from rag.domain import Document, Event, ModelCard, Passage, Source, ToolCall
from rag.errors import InvalidReplyError, NotFoundError
from rag.whole.central import quote_central_sentences
from rag.whole.pages import MOST_SOURCES, extent, grouped, pages_of
from rag.whole.prompts import (
    CONDENSE,
    MERGE,
    READ_PART,
    SUMMARISE,
    compose_from_sources,
    compose_merge,
    headed,
    notes_cost,
    room_for,
)
from rag.whole.resources import Resources
from rag.whole.sheet import Sheet, step

_SHOWN = re.compile(r"\[([1-9]\d{0,2})\](?!\()")
MOST_CHARACTERS = 8  # of a token, on average, in any text that is worth counting
SHARE = 3  # of the room that shortened notes may take, so that two of them fit together
READ_IN_PARTS = "Read in {count} parts, which were summarised one by one and then together."
CUT_NOTES = "The notes of {parts} were cut off: the summary may lack something of that."
NO_NOTES = "The model noted nothing of {parts}: the summary lacks that."
NOTHING_SAID = "The model found nothing to say of any part. Ask again."
MOST_PLACES = 5  # that are named where notes are lacking


@dataclass(frozen=True, slots=True)
class _Notes:
    """What was noted of a part; the numbers of its markers are those of `sources`."""

    place: str
    text: str
    sources: Mapping[int, Source]


@dataclass(slots=True)
class _Lacking:
    """The parts of which the notes were cut off, and those of which there are none."""

    cut: list[str] = field(default_factory=list)
    none: list[str] = field(default_factory=list)

    def look(self, place: str, notes: Sequence[_Notes], *, was_cut: bool) -> None:
        """See whether the notes of a part are all there."""
        if not notes:
            self.none.append(place)
        elif was_cut:
            self.cut.append(place)

    def tell(self, sheet: Sheet) -> None:
        """Let the summary say so."""
        for sentence, places in ((CUT_NOTES, self.cut), (NO_NOTES, self.none)):
            if places:
                sheet.lack(sentence.format(parts=_listed(places)))


def _listed(places: Sequence[str]) -> str:
    """So many parts in words, with where they lie; of many places the first."""
    named = list(dict.fromkeys(places))
    more = f" and {len(named) - MOST_PLACES} more" if len(named) > MOST_PLACES else ""
    count = "1 part" if len(places) == 1 else f"{len(places)} parts"
    return f"{count} ({'; '.join(named[:MOST_PLACES])}{more})"


def summarise(
    documents: Sequence[Document], resources: Resources, wish: str = ""
) -> Iterator[Event]:
    """Summarise documents; the last event is the `Answer`, its quotes exact spans of pages.

    Args:
        documents: to be read whole, in this order.
        resources: what the work draws on.
        wish: how the summary should be, in the user's words; a model that only quotes ignores it.

    Raises:
        NotFoundError: they have no text.
        ProviderError: the model's server failed.
    """
    resources.chat.connect()
    passages = [
        passage for document in documents for passage in pages_of(resources.catalog, document)
    ]
    if not passages:
        raise NotFoundError("There is no text to summarise in it.")
    sheet = Sheet(resources, _request(documents, wish))
    if not resources.card.instructable:
        notice = yield from quote_central_sentences(documents, resources, sheet)
        yield sheet.answer(notice)
        return
    request = _asked(documents, wish)
    groups = _groups(passages, request, resources.card)
    if len(groups) == 1:
        yield from sheet.stream(compose_from_sources(SUMMARISE, groups[0], request))
        yield sheet.answer()
        return
    lacking = _Lacking()
    notes = yield from _read_parts(groups, sheet, lacking)
    notes = yield from _condensed(notes, request, sheet, lacking)
    lacking.tell(sheet)
    told, sources = _renumbered(notes)
    yield from sheet.stream(compose_merge(MERGE, told, sources, request))
    yield sheet.answer(READ_IN_PARTS.format(count=len(groups)))


def _request(documents: Sequence[Document], wish: str) -> str:
    """What was asked for, as it is shown."""
    what = documents[0].name if len(documents) == 1 else f"{len(documents)} documents"
    return f"Summarise {what}{f' {wish}' if wish else ''}"


def _asked(documents: Sequence[Document], wish: str) -> str:
    """What a model is asked for."""
    names = "; ".join(f"{each.title} ({each.name})" for each in documents[:20])
    more = f" and {len(documents) - 20} more" if len(documents) > 20 else ""
    what = "this document" if len(documents) == 1 else f"these {len(documents)} documents"
    return f"Summarise {what}: {names}{more}.{f' The user wishes: {wish}' if wish else ''}"


def _groups(passages: Sequence[Passage], request: str, card: ModelCard) -> list[list[Source]]:
    """All pages in one group, or where they do not fit each document's pages in its own groups."""
    room = room_for(SUMMARISE, [request], card)
    if sum(len(passage.text) for passage in passages) <= MOST_CHARACTERS * room:
        together = grouped(passages, room, card)
        if len(together) == 1:
            return together
    room = room_for(READ_PART, [request], card)
    by_document: dict[str, list[Passage]] = {}
    for passage in passages:
        by_document.setdefault(passage.document.id, []).append(passage)
    return [group for each in by_document.values() for group in grouped(each, room, card)]


def _read_parts(
    groups: Sequence[Sequence[Source]], sheet: Sheet, lacking: _Lacking
) -> Generator[ToolCall, None, list[_Notes]]:
    """Take notes of each part."""
    notes: list[_Notes] = []
    for number, group in enumerate(groups, start=1):
        place = extent([source.passage for source in group])
        yield step(number, f"read {place} ({number} of {len(groups)})")
        request = f"Take notes of this part: {place}."
        text = sheet.reply(compose_from_sources(READ_PART, group, request))
        taken = _taken(place, text, group)
        lacking.look(place, taken, was_cut=sheet.was_cut)
        notes += taken
    if not notes:
        raise InvalidReplyError(NOTHING_SAID)
    return notes


def _taken(place: str, text: str, sources: Sequence[Source]) -> list[_Notes]:
    """What a model noted, its markers renumbered by first mention; none where that is nothing."""
    reader = MarkerReader()
    reader.offer(sources)
    text = (reader.feed(text) + reader.rest()).strip()
    return [_Notes(place, text, reader.sources)] if text else []


def _condensed(
    notes: list[_Notes], request: str, sheet: Sheet, lacking: _Lacking
) -> Generator[ToolCall, None, list[_Notes]]:
    """The notes, shortened in rounds until they can be read at once."""
    card = sheet.card
    room = room_for(MERGE, [request], card)
    rounds = 0
    while not _fit(notes, room, card):
        rounds += 1
        made: list[_Notes] = []
        batches = _batches(notes, room_for(CONDENSE, [request], card), card)
        for number, batch in enumerate(batches, start=1):
            yield step(number, f"put notes together ({number} of {len(batches)})")
            if len(batch) == 1:
                made += [_cut(batch[0], room // SHARE, card)]
                continue
            told, sources = _renumbered(batch)
            text = sheet.reply(compose_merge(CONDENSE, told, sources, "Shorten these notes."))
            place = f"{batch[0].place} to {batch[-1].place}"
            taken = _taken(place, text, sources)
            lacking.look(place, taken, was_cut=sheet.was_cut)
            made += [_cut(each, room // SHARE, card) for each in taken]
        if not made:
            raise InvalidReplyError(NOTHING_SAID)
        notes = made
    return notes


def _fit(notes: Sequence[_Notes], room: int, card: ModelCard) -> bool:
    cited = sum(len(each.sources) for each in notes)
    cost = sum(notes_cost(headed(each.place, each.text), card) for each in notes)
    return len(notes) == 1 or (cost <= room and cited <= MOST_SOURCES)


def _batches(notes: Sequence[_Notes], room: int, card: ModelCard) -> list[list[_Notes]]:
    """Neighbouring notes that can be read at once, two at least wherever two fit."""
    batches: list[list[_Notes]] = []
    for each in notes:
        if batches and _fit([*batches[-1], each], room, card):
            batches[-1].append(each)
        else:
            batches.append([each])
    return batches


def _cut(notes: _Notes, room: int, card: ModelCard) -> _Notes:
    """Notes without their last lines, the least important, where they are longer than asked."""
    lines = notes.text.splitlines()
    while len(lines) > 1 and notes_cost(headed(notes.place, "\n".join(lines)), card) > room:
        lines.pop()
    text = "\n".join(lines)
    while len(text) > 1 and notes_cost(headed(notes.place, text), card) > room:
        text = text[: len(text) * 3 // 4]
    kept = {int(match[1]) for match in _SHOWN.finditer(text)}
    sources = {number: source for number, source in notes.sources.items() if number in kept}
    return _Notes(notes.place, text, sources)


def _renumbered(notes: Sequence[_Notes]) -> tuple[list[str], list[Source]]:
    """Notes with the markers of all of them counted through, and the sources of those."""
    told: list[str] = []
    sources: list[Source] = []
    for each in notes:
        numbers: dict[int, int] = {}
        for number, source in each.sources.items():
            numbers[number] = len(sources) + 1
            sources.append(Source(numbers[number], source.passage))

        def replaced(match: re.Match[str], numbers: Mapping[int, int] = numbers) -> str:
            return f"[{numbers[int(match[1])]}]" if int(match[1]) in numbers else ""

        told.append(headed(each.place, _SHOWN.sub(replaced, each.text)))
    return told, sources
