"""The servers that speak OpenAI's protocol, each with its quirks, and how to tell them apart.

The first two were run, at vLLM 0.32 and llama.cpp 0.5 and llama-cpp-python 0.3.36; the others are
as their documentation and source have it (Ollama's openai.go and context-length page, llamafile's
v1_models.cpp and tokenize.md, transformers' cli/serving, the API of text-generation-inference).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rag.domain import Prompt
from rag.providers.token_counts import (
    Ask,
    by_pieces,
    by_template,
    by_words,
    mapping,
    positive,
    split_by_llamafile,
)

Count = Callable[[Ask, str, Prompt], int | None]
Context = Callable[[Ask, str], int | None]

# Ollama reads this much on most machines unless told otherwise, and cuts silently what is longer.
DEFAULT_CONTEXT_TOKENS = 4096


class SchemaForm(StrEnum):
    """How a request says which JSON schema holds the reply."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Product:
    """A server's software: what it takes, and what it does not tell.

    `usage` says whether it takes `stream_options`, `names` whether it refuses a model that it does
    not serve, `faults` whether it says what is wrong with a request for a stream. `context` asks
    how much a model reads, `default_context_tokens` is what it reads where nobody knows. `count`
    asks for the tokens of a prompt, at `tokenize` it counts those of a text.
    """

    name: str
    usage: bool = True
    schema: SchemaForm = SchemaForm.JSON_SCHEMA
    names: bool = True
    faults: bool = True
    context: Context | None = None
    default_context_tokens: int = DEFAULT_CONTEXT_TOKENS
    count: Count | None = None
    tokenize: str | None = None
    quirk: str = ""
    larger_context: str = ""


def _ollama_context(ask: Ask, model: str) -> int | None:
    """What a loaded model was given, or what its own file asks for."""
    running = mapping(ask("/api/ps")).get("models")
    for row in map(mapping, running if isinstance(running, list) else ()):
        if {row.get("name"), row.get("model")} & {model, f"{model}:latest"}:
            return positive(row.get("context_length"))
    parameters = mapping(ask("/api/show", {"model": model})).get("parameters")
    told = re.search(r"^num_ctx\s+(\d+)", parameters if isinstance(parameters, str) else "", re.M)
    return positive(int(told[1])) if told else None


def _llama_context(ask: Ask, model: str) -> int | None:
    """What one request may take, of the context that all slots share."""
    return positive(mapping(mapping(ask("/props")).get("default_generation_settings")).get("n_ctx"))


def _tgi_context(ask: Ask, model: str) -> int | None:
    return positive(mapping(ask("/info")).get("max_total_tokens"))


VLLM = Product("vLLM", count=by_template("/tokenize", "count"), tokenize="/tokenize")
LLAMA_SERVER = Product(
    "llama.cpp",
    names=False,
    context=_llama_context,
    count=by_template("/v1/chat/completions/input_tokens", "input_tokens", older="/tokenize"),
    tokenize="/tokenize",
    larger_context="start it with a larger --ctx-size; each of its --parallel slots gets a share",
)
LLAMA_CPP_PYTHON = Product(
    "llama-cpp-python",
    usage=False,
    schema=SchemaForm.JSON_OBJECT,
    names=False,
    faults=False,
    default_context_tokens=2048,
    count=by_words("/extras/tokenize/count", "input"),
    tokenize="/extras/tokenize/count",
    quirk="It does not say how many tokens an answer took, and breaks an answer off when somebody "
    "else asks, unless it is started with --interrupt_requests false.",
    larger_context="start it with a larger --n_ctx",
)
LLAMAFILE = Product(
    "llamafile",
    names=False,
    context=_llama_context,
    count=split_by_llamafile,
    tokenize="/tokenize",
    larger_context="start it with a larger --ctx-size",
)
OLLAMA = Product(
    "Ollama",
    context=_ollama_context,
    quirk="It cuts longer prompts without a word.",
    larger_context="set OLLAMA_CONTEXT_LENGTH=32768 or more where it runs and start it again",
)
TRANSFORMERS = Product(
    "transformers serve",
    usage=False,
    schema=SchemaForm.NONE,
    quirk="It holds no reply to a JSON schema, so calls of tools are looked for in its text.",
)
TGI = Product("text-generation-inference", context=_tgi_context, count=by_pieces)
OTHER = Product("", tokenize="/tokenize")
PRODUCTS = (VLLM, LLAMA_SERVER, LLAMA_CPP_PYTHON, LLAMAFILE, OLLAMA, TRANSFORMERS, TGI, OTHER)

_OWNERS = {"vllm": VLLM, "llamacpp": LLAMA_SERVER, "llamafile": LLAMAFILE}


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that a server lists; `context_tokens` is None where it does not say."""

    name: str
    context_tokens: int | None
    aliases: tuple[str, ...] = ()
    owner: str = ""


def served_in(rows: Collection[object]) -> list[ServedModel]:
    """The models in the rows of a server's list."""
    models = (mapping(row) for row in rows)
    return [
        ServedModel(
            str(row["id"]),
            _listed_context(row),
            tuple(_strings(row.get("aliases"))),
            str(row.get("owned_by") or ""),
        )
        for row in models
        if isinstance(row.get("id"), str)
    ]


def recognised(owners: Collection[str], ask: Ask) -> Product:
    """The software of a server, by who owns the models it lists, else by what it answers where.

    It takes at most four requests, and is `OTHER` where nothing shows it.
    """
    for owner in owners:
        if owner in _OWNERS:
            return _OWNERS[owner]
    if isinstance(mapping(ask("/api/version")).get("version"), str):
        return OLLAMA
    if isinstance(mapping(ask("/version")).get("version"), str):
        return VLLM
    described = mapping(ask("/openapi.json"))
    if "llama.cpp Python" in str(mapping(described.get("info")).get("title")):
        return LLAMA_CPP_PYTHON
    if "/load_model" in mapping(described.get("paths")):
        return TRANSFORMERS
    info = mapping(ask("/info"))
    return TGI if {"model_id", "max_total_tokens"} <= set(info) else OTHER


def _listed_context(row: Mapping[str, object]) -> int | None:
    """What vLLM (`max_model_len`) and llama.cpp (`meta`) say of a model's context."""
    told = mapping(row.get("meta"))
    values = (row.get("max_model_len"), told.get("n_ctx"), told.get("n_ctx_train"))
    return next((size for value in values if (size := positive(value))), None)


def _strings(value: object) -> Iterator[str]:
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, str))
