"""Loopback servers that answer as each product does, as far as it can be told by that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.providers.openai_compatible import OpenAiCompatibleChat
from rag.providers.products import (
    LLAMA_CPP_PYTHON,
    LLAMA_SERVER,
    LLAMAFILE,
    OLLAMA,
    OTHER,
    TGI,
    TRANSFORMERS,
    VLLM,
    Product,
)
from tests.loopback import LoopbackServer, Reply

MODEL = "a-fine-tune"


def _listed(owner: str, **fields: object) -> dict[str, Any]:
    row = {"id": MODEL, "object": "model", "created": 1, "owned_by": owner, **fields}
    return {"object": "list", "data": [row]}


# What each answers where; what is not here it does not know.
ANSWERS: Mapping[Product, Mapping[str, Any]] = {
    VLLM: {
        "/v1/models": _listed("vllm", root=MODEL, parent=None, max_model_len=8192),
        "/version": {"version": "0.32.0"},
        "/tokenize": {"count": 42, "max_model_len": 8192, "tokens": [1, 2], "token_strs": None},
    },
    LLAMA_SERVER: {
        "/v1/models": _listed(
            "llamacpp",
            aliases=[MODEL, "also-so-called"],
            meta={"vocab_type": 1, "n_vocab": 32_000, "n_ctx_train": 32_768},
        ),
        "/props": {"default_generation_settings": {"n_ctx": 6144}, "total_slots": 2},
        "/tokenize": {"tokens": [1, 2, 3]},
        "/v1/chat/completions/input_tokens": {
            "input_tokens": 42,
            "object": "response.input_tokens",
        },
    },
    LLAMA_CPP_PYTHON: {
        "/v1/models": _listed("me", permissions=[]),
        "/openapi.json": {
            "openapi": "3.1.0",
            "info": {"title": "🦙 llama.cpp Python API", "version": "0.3.36"},
            "paths": {"/v1/completions": {}},
        },
        "/extras/tokenize/count": {"count": 42},
    },
    LLAMAFILE: {
        "/v1/models": _listed("llamafile"),
        "/props": {"default_generation_settings": {"n_ctx": 8192}},
        "/tokenize": {"add_special": True, "parse_special": False, "tokens": ["<s>", "a", "b"]},
    },
    OLLAMA: {
        "/v1/models": _listed("library"),
        "/api/version": {"version": "0.12.6"},
        "/api/ps": {
            "models": [{"name": MODEL, "model": MODEL, "size": 1, "context_length": 16_384}]
        },
        "/api/show": {"parameters": "", "model_info": {"llama.context_length": 131_072}},
    },
    TRANSFORMERS: {
        "/v1/models": _listed("mistralai"),
        "/health": {"status": "ok"},
        "/openapi.json": {
            "openapi": "3.1.0",
            "info": {"title": "FastAPI", "version": "0.1.0"},
            "paths": {"/v1/chat/completions": {}, "/v1/models": {}, "/load_model": {}},
        },
    },
    TGI: {
        "/v1/models": _listed(MODEL),
        "/info": {
            "model_id": MODEL,
            "max_input_tokens": 2048,
            "max_total_tokens": 3072,
            "router": "text-generation-router",
        },
        "/tokenize": [{"id": n, "text": "a", "start": n, "stop": n + 1} for n in range(3)],
    },
    OTHER: {"/v1/models": _listed("somebody")},
}


def standing_in(
    product: Product,
    answers: Mapping[str, Any] | None = None,
    chat: Sequence[Reply] = (),
    port: int = 0,
) -> LoopbackServer:
    """A server that answers as a product does, and otherwise where these `answers` say so."""
    known = {**ANSWERS[product], **(answers or {})}
    pages = {path: answer for path, answer in known.items() if answer is not None}
    return LoopbackServer(chat=chat, pages=pages, port=port)


def chat_at(
    server: LoopbackServer, *, model: str | None = None, context_tokens: int | None = None
) -> OpenAiCompatibleChat:
    """A chat model there, which finds the rest out."""
    waits: list[float] = []
    return OpenAiCompatibleChat(
        server.url,
        model=model,
        api_key=None,
        context_tokens=context_tokens,
        timeout_seconds=5,
        sleep=waits.append,
    )
