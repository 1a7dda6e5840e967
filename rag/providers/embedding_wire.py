"""The way to an embedding server, within bounds, and what goes wrong on it in our words.

Nothing is asked of any host but the one given: no proxy, no redirect.
"""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx2

from rag.errors import ContextLengthError, ModelNotFoundError, NotBegunError
from rag.policy import Gate, open_gate
from rag.providers import faults
from rag.providers.bounds import BoundedTransport
from rag.providers.faults import Endpoint

URL_SETTING = "TRAMONTANE_EMBEDDING"
MODEL_SETTING = "TRAMONTANE_EMBEDDING_MODEL"
KEY_SETTING = "TRAMONTANE_EMBEDDING_API_KEY"

CONNECT_TIMEOUT_SECONDS = 10.0
MODELS_SHOWN = 10
NO_SUCH_ROUTE = frozenset({404, 405, 501})

# llama.cpp (500), Text Embeddings Inference (413, 422) and others; vLLM's words are known to all.
_TOO_LARGE = re.compile(
    r"too large to process|physical batch size|larger than the max|must have less than"
    r"|batch size.{0,40}maximum allowed|exceeds? (?:the )?(?:max|context)",
    re.IGNORECASE,
)


class EmbeddingWire:
    """One server, as its requests and refusals go over the wire."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Take the server; nothing is asked of it yet."""
        self.endpoint = endpoint
        self._http = _http_client(endpoint)
        weakref.finalize(self, self._http.close)

    def models(self) -> object | None:
        """What the server lists, None where it has no list.

        Raises:
            ProviderError: it cannot be used.
            TransientFault: the same, which may pass by itself.
        """
        reply = self._reply("GET", self.endpoint.url + "/models")
        return None if reply.status_code in NO_SUCH_ROUTE else _content(self.endpoint, reply)

    def embeddings(self, model: str, texts: Sequence[str]) -> object:
        """What the server answers to texts, by the model's name as it lists it. Raises alike."""
        asked = {
            "model": model,
            "input": [_sendable(text) for text in texts],
            "encoding_format": "float",
        }
        return self.asked("/embeddings", asked)

    def asked(self, path: str, request: Mapping[str, object]) -> object:
        """What the server answers to a request. Raises alike."""
        reply = self._reply("POST", self.endpoint.url + path, request)
        model = request.get("model")
        return _content(replace(self.endpoint, model=str(model)), reply)

    def tokens(self, model: str, text: str, most_seconds: float) -> object:
        """What the server answers to a text whose tokens it is to count. Raises alike."""
        asked = {  # in vLLM's words, and in those of llama.cpp
            "model": model,
            "prompt": _sendable(text),
            "content": _sendable(text),
            "add_special_tokens": True,
            "add_special": True,
        }
        url = self.endpoint.url.removesuffix("/v1") + "/tokenize"
        return _content(self.endpoint, self._reply("POST", url, asked, most_seconds))

    def _reply(
        self,
        method: str,
        url: str,
        asked: Mapping[str, object] | None = None,
        most_seconds: float | None = None,
    ) -> httpx2.Response:
        within = httpx2.USE_CLIENT_DEFAULT if most_seconds is None else most_seconds
        try:
            return self._http.request(method, url, json=asked, timeout=within)
        except httpx2.RequestError as error:
            raise faults.failed_connection(self.endpoint, error) from error


def embedding_endpoint(
    url: str,
    model: str | None,
    api_key: str | None,
    timeout_seconds: float,
    gate: Gate = open_gate,
) -> Endpoint:
    """An embedding server in the words of its errors.

    Raises:
        AuthenticationError: the key cannot be one.
        SettingsError: the address is none.
    """
    address = faults.checked_address(url, URL_SETTING)
    shown = str(address).rstrip("/").removesuffix("/embeddings")
    if address.path in ("", "/"):
        shown += "/v1"
    return Endpoint(
        name=f"the embedding server at {shown}",
        url=shown,
        model=model or "the model",
        unreachable=f"Nothing answers at {shown}. "
        f"Start the embedding server there, or set {URL_SETTING} to its address.",
        key_setting=KEY_SETTING,
        model_setting=MODEL_SETTING,
        timeout_seconds=timeout_seconds,
        api_key=None if api_key is None else faults.checked_key(api_key, KEY_SETTING),
        gate=gate,
    )


def not_served(endpoint: Endpoint, model: str | None, listed: Sequence[str]) -> ModelNotFoundError:
    """The error for a model that the server has not, or lists not."""
    sentence = f"{endpoint.subject} does not serve {model or 'a model'}."
    if listed:
        sentence += f" It lists: {', '.join(listed[:MODELS_SHOWN])}."
    return ModelNotFoundError(
        f"{sentence} Start it with the model that is wanted, or set {MODEL_SETTING} to one that it "
        "serves."
    )


def _http_client(endpoint: Endpoint) -> httpx2.Client:
    headers = {"User-Agent": "tramontane"}
    if endpoint.api_key is not None:
        headers["Authorization"] = f"Bearer {endpoint.api_key}"
    connect = min(endpoint.timeout_seconds, CONNECT_TIMEOUT_SECONDS)
    return httpx2.Client(
        timeout=httpx2.Timeout(endpoint.timeout_seconds, connect=connect),
        trust_env=False,
        transport=BoundedTransport(endpoint.timeout_seconds),
        headers=headers,
        event_hooks={"request": [endpoint.admit]},
    )


def _content(endpoint: Endpoint, reply: httpx2.Response) -> object:
    """The JSON of a reply that is one."""
    if reply.status_code != 200:
        raise _refusal(endpoint, reply)
    try:
        content: object = json.loads(reply.content)
    except (ValueError, RecursionError) as error:  # neither JSON nor text, or nested without end
        raise faults.nonsense(endpoint) from error
    return content


def _refusal(endpoint: Endpoint, reply: httpx2.Response) -> Exception:
    if reply.status_code >= 400 and _TOO_LARGE.search(faults.said_in(reply.text)):
        return ContextLengthError(f"A text is longer than {endpoint.model} reads.")
    error = faults.refusal(endpoint, reply, reply.text)
    if isinstance(error, ModelNotFoundError):
        return not_served(endpoint, endpoint.model, [])
    if reply.status_code in NO_SUCH_ROUTE:
        return NotBegunError(
            f"{endpoint.subject} makes no embeddings (it answers {reply.status_code}). Start it "
            "with an embedding model (vLLM: --runner pooling, llama.cpp: --embeddings), or check "
            f"{URL_SETTING}."
        )
    return error


def _sendable(text: str) -> str:
    """The text without halves of characters, and never empty, which some servers refuse."""
    return text.encode("utf-8", "replace").decode("utf-8") if text.strip() else "…"
