"""How embedding models want to be told what they read, by their names.

Many were trained with a few words before each text, other ones before questions than before
passages, and find less without them. The words are those of the models' own cards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query\n"
_SEARCHING = "Represent this sentence for searching relevant passages: "


@dataclass(frozen=True, slots=True)
class Habits:
    """What stands before a question, and before a passage."""

    question: str = ""
    passage: str = ""


_KNOWN = tuple(
    (re.compile(pattern), habits)
    for pattern, habits in (
        (r"e5-.*instruct|(?:sfr|linq)-embed.*mistral", Habits(f"{_TASK}Query: ")),
        (r"qwen3-embedding", Habits(f"{_TASK}Query:")),
        (r"\be5-(?:small|base|large)", Habits("query: ", "passage: ")),
        (r"bge-(?:small|base|large)-en", Habits(_SEARCHING)),
        (r"mxbai-embed-large|arctic-embed-(?:xs|s|m|l|m-long|m-v1\.5)$", Habits(_SEARCHING)),
        (r"arctic-embed-.*v2", Habits("query: ")),
        (r"nomic-embed-text", Habits("search_query: ", "search_document: ")),
        (r"embeddinggemma", Habits("task: search result | query: ", "title: none | text: ")),
    )
)

_ENGLISH = re.compile(
    r"-en(?:-|$)|(?<!multilingual-)e5-(?:small|base|large)(?:-v2)?$|mxbai-embed-large"
    r"|arctic-embed-(?:xs|s|m|l|m-long|m-v1\.5)$|nomic-embed-text(?:-v1|$)|all-(?:minilm|mpnet)"
    r"|gte-(?:small|base|large)$"
)


def knows_english_only(model: str) -> bool:
    """Whether a model, by its name, was trained on English and nothing else."""
    return _ENGLISH.search(model.lower().replace("_", "-")) is not None


def habits_of(model: str) -> Habits:
    """The habits of a model; one whose name is not known is given its texts as they are."""
    name = model.lower().replace("_", "-")
    return next((habits for pattern, habits in _KNOWN if pattern.search(name)), Habits())
