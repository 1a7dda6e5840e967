"""What somebody types to have a whole document worked on: `/summarise guide.pdf`, or in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from rag.domain import Document
from rag.errors import QuestionError
from rag.folding import flowing, fold
from rag.whole.classification import Class, read_classes
from rag.whole.composing import TextKind, kind_of
from rag.whole.schemas import Field, read_schema

TaskName = Literal["summarise", "extract", "classify", "write"]
NAMES_SHOWN = 5
HOW_TO_EXTRACT = (
    "Say what to look for: /extract guide.pdf: title, date (date), price (number), or a JSON "
    "schema after the colon."
)
HOW_TO_CLASSIFY = "Name the classes: /classify guide.pdf: invoice, contract, letter."
HOW_TO_WRITE = "Say what to write: /write email to a customer about the opening hours."

_SLASH = re.compile(r"^/(?P<name>[^\W\d_]+)(?P<rest>[\s:].*)?$", re.DOTALL)
_QUOTED = re.compile(r"^[\"“«„](?P<text>[^\"”»]+)[\"”»“]\s*(?::(?P<rest>.*))?$", re.DOTALL)
_SPELLINGS: dict[TaskName, str] = {
    "summarise": "summarise summarize summary résume résumé resume résumer zusammenfassen",
    "extract": "extract extraire extrais fields",
    "classify": "classify sort classer classe",
    "write": "write draft rédige rédiger écris",
}
_TASKS = {name: task for task, names in _SPELLINGS.items() for name in names.split()}
_ASKS = re.compile(
    r"^\s*(?:please\s+|s'il (?:te|vous) pla[iî]t,?\s+|bitte\s+|por favor,?\s+)?"
    r"(?:(?:can|could|would|will) you (?:please )?|(?:peux-tu|pouvez-vous)\s+|kannst du\s+)?"
    r"(?:summari[sz]e|sum up"
    r"|(?:give|make|write|show)(?: me| us)? (?:a |an |the )?(?:(?:short|brief) )?"
    r"(?:summary|overview) of"
    r"|résume[rz]?"
    r"|(?:fais|faites|donne|donnez)(?:-moi)? (?:un |le )?(?:court )?résumé d(?:e|u|es)"
    r"|fasse?n?(?: sie)?|resum[ea]n?|resumir)\s+(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_ALL = re.compile(
    r"(?<!\w)(?:(?:all|all of)(?: (?:the|my|our|these|your))? (?:documents?|files?|texts?)"
    r"|(?:all|every|each) documents?|(?:my|our|the|these) (?:documents|files)"
    r"|(?:my|our|the)(?: whole| entire)? library|everything"
    r"|tous (?:les|mes|nos|ces) (?:documents|fichiers)|(?:mes|nos|les|ces) (?:documents|fichiers)"
    r"|alle (?:meine )?(?:dokumente|dateien)|meine dokumente|(?:todos )?mis documentos)(?!\w)"
)
_THIS = re.compile(
    r"(?<!\w)(?:(?:this|the|my) (?:document|file|text|pdf)|(?:ce|le|mon) (?:document|fichier|texte)"
    r"|(?:das|dieses|mein) dokument|(?:este|el|mi) documento)(?!\w)"
)
_FILLER = re.compile(
    r"(?<!\w)(?:the|this|my|our|document|documents|file|files|pdf|text|called|named|titled|and|le|la"
    r"|les|ce|cet|du|de|des|fichier|intitule|et|das|die|der|dokument|datei|zusammen|und|el|documento"
    r"|please|for me|stp|svp|bitte)(?!\w)|[\"'“”‘’«»`,;:?!.]"
)
_WISH = re.compile(
    r"^(?:in|as|for|with|focus\w*|briefly|shortly|using|no more than|at most|en|pour|sous|avec"
    r"|brievement|auf|fur|mit|als|kurz|brevemente|para|con)(?!\w)"
)
_FIELD = re.compile(r"^(?P<name>[^():]+?)\s*(?:\((?P<type>[^()]*)\))?\s*(?::\s*(?P<about>.+))?$")
_TYPES: dict[str, dict[str, object]] = {
    "number": {"type": "number"},
    "amount": {"type": "number"},
    "integer": {"type": "integer"},
    "count": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
    "yes/no": {"type": "boolean"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array", "items": {"type": "string"}},
    "text": {"type": "string"},
    "string": {"type": "string"},
}


@dataclass(frozen=True, slots=True)
class Command:
    """A work that was asked for, with what it needs; only that of the task is filled in."""

    task: TaskName
    documents: tuple[Document, ...] = ()
    wish: str = ""
    kind: TextKind = "email"
    form: Field | None = None
    classes: tuple[Class, ...] = ()
    text: str = ""


def read_command(text: str, documents: Callable[[], Sequence[Document]]) -> Command | None:
    """The work that a typed text asks for; None when it is a question like any other.

    Args:
        text: as it was typed.
        documents: gives those that may be meant; asked only where it matters.

    Raises:
        QuestionError: a command names no document, or lacks what it needs.
    """
    slash = _SLASH.match(text.strip())
    if slash is not None:
        task = _TASKS.get(slash["name"].lower())
        return None if task is None else _slashed(task, (slash["rest"] or "").strip(), documents)
    asks = _ASKS.match(text.strip())
    if asks is None:
        return None
    chosen, rest = _named(asks["rest"], documents())
    if not chosen or (rest and not _WISH.match(fold(rest).text.strip())):
        return None
    return Command("summarise", tuple(chosen), rest)


def _slashed(task: TaskName, rest: str, documents: Callable[[], Sequence[Document]]) -> Command:
    if task == "write":
        kind = kind_of(f"write {rest}")
        said = re.sub(r"^(?:an?\s+)?(?:e-?mail|report)\b[\s:,]*", "", rest, flags=re.IGNORECASE)
        if not said.strip():
            raise QuestionError(HOW_TO_WRITE)
        return Command("write", wish=said.strip(), kind=kind)
    if task == "summarise":
        chosen, wish = _chosen(rest, documents())
        return Command("summarise", tuple(chosen), wish)
    if task == "extract":
        name, asked = _parted(rest)
        if not asked:
            raise QuestionError(HOW_TO_EXTRACT)
        form = read_schema(_schema_of(asked))
        chosen, _ = _chosen(name, documents())
        if len(chosen) != 1:
            raise QuestionError(
                f"A form is filled in from one document. {_there_are(chosen)} {HOW_TO_EXTRACT}"
            )
        return Command("extract", tuple(chosen), form=form)
    name, asked = _parted(rest)
    if not asked:
        raise QuestionError(HOW_TO_CLASSIFY)
    classes = tuple(read_classes(asked))
    quoted = _QUOTED.match(name)
    if quoted:
        return Command("classify", classes=classes, text=quoted["text"].strip())
    chosen, _ = _chosen(name, documents())
    return Command("classify", tuple(chosen), classes=classes)


def _parted(rest: str) -> tuple[str, str]:
    """What stands before the first colon or the JSON, and what behind."""
    quoted = _QUOTED.match(rest)
    if quoted:
        return rest[: quoted.end("text") + 1], (quoted["rest"] or "").strip()
    json_at = rest.find("{")
    colon = rest.find(":")
    if json_at >= 0 and (colon < 0 or json_at < colon):
        return rest[:json_at].strip(), rest[json_at:].strip()
    before, _, after = rest.partition(":")
    return before.strip(), after.strip()


def _schema_of(asked: str) -> object:
    """The schema that is given as JSON, or as names with types in brackets between commas."""
    if asked.startswith("{"):
        try:
            return json.loads(asked)
        except (ValueError, RecursionError) as error:
            raise QuestionError(f"The schema is no JSON: {error}. {HOW_TO_EXTRACT}") from error
    properties: dict[str, object] = {}
    for piece in re.split(r"[;,\n]", asked):
        field = _FIELD.match(piece.strip())
        if field is None:
            continue
        kind = _TYPES.get((field["type"] or "text").strip().lower())
        if kind is None:
            raise QuestionError(f"{field['type']!r} is no type. There are: {', '.join(_TYPES)}.")
        about = field["about"] or ""
        properties[field["name"].strip()] = {**kind, "description": about}
    return {"type": "object", "properties": properties}


def _chosen(text: str, documents: Sequence[Document]) -> tuple[list[Document], str]:
    """The documents that a command names, all of them where it names none, and what is left."""
    if not text:
        return list(documents), ""
    chosen, rest = _named(text, documents)
    if chosen:
        return chosen, rest
    if _WISH.match(fold(text).text.strip()):
        return list(documents), text
    raise QuestionError(f"There is no document {text!r} here. {_there_are(documents)}")


def _there_are(documents: Sequence[Document]) -> str:
    names = ", ".join(document.name for document in documents[:NAMES_SHOWN])
    more = len(documents) - NAMES_SHOWN
    return f"There are: {names}{f' and {more} more' if more > 0 else ''}."


def _named(text: str, documents: Sequence[Document]) -> tuple[list[Document], str]:
    """The documents that a text names, in its order, and what it says besides."""
    plain = fold(text).text
    if _ALL.search(plain):
        return list(documents), _rest(_ALL.sub(" ", plain))
    names = [(name, each) for each in documents for name in _names(each)]
    places: dict[str, tuple[int, Document]] = {}
    for name, document in sorted(names, key=lambda pair: -len(pair[0])):
        match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain)
        if match:
            places.setdefault(document.id, (match.start(), document))
            same = [each for other, each in names if other == name]
            for each in same:
                places.setdefault(each.id, (match.start(), each))
            plain = plain[: match.start()] + " " * len(match.group()) + plain[match.end() :]
    if not places and len(documents) == 1 and _THIS.search(plain):
        return list(documents), _rest(_THIS.sub(" ", plain))
    chosen = [document for _, document in sorted(places.values(), key=lambda found: found[0])]
    return chosen, _rest(plain)


def _names(document: Document) -> list[str]:
    """What a document may be called: its file, with and without its ending, its title, its id."""
    stem = PurePath(document.name).stem
    called = [document.name, stem, re.sub(r"[-_]+", " ", stem), document.title, document.id]
    return [
        name for name in dict.fromkeys(fold(flowing(each)).text.strip() for each in called) if name
    ]


def _rest(plain: str) -> str:
    """What a text says besides names and small words; nothing if only those are left."""
    words = " ".join(plain.split()).strip(" \"'“”«».,;:?!")
    return words if flowing(_FILLER.sub(" ", words)) else ""
