"""The way to an OpenAI-style server through OpenAI's SDK, and what goes wrong on it, in our words.

Nothing is asked of any host but the one given: no proxy, no redirect, and of the headers that the
SDK would add from the environment or about this machine none is sent.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import httpx2
import openai

from rag.errors import RagError
from rag.policy import Gate, open_gate
from rag.providers import faults
from rag.providers.bounds import BoundedTransport
from rag.providers.faults import SERVER_MODEL_SETTING, Endpoint

CONNECT_TIMEOUT_SECONDS = 10.0
ASIDE_SECONDS = 3.0  # for what is good to know, and not needed

_NO_KEY = "none"  # the SDK insists on one; the header is taken off again
_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
)


def endpoint_of(
    url: str,
    model: str | None,
    api_key: str | None,
    timeout_seconds: float,
    gate: Gate = open_gate,
) -> Endpoint:
    """The server in the words of its errors; `/v1` is added to an address without a path.

    Raises:
        AuthenticationError: the key cannot be one.
        SettingsError: the address is none.
    """
    address = faults.checked_address(url, "TRAMONTANE_CHAT")
    shown = str(address).rstrip("/")
    if address.path in ("", "/"):
        shown += "/v1"
    setting = "TRAMONTANE_CHAT_API_KEY"
    return Endpoint(
        name=f"the server at {shown}",
        url=shown,
        model=model or "the model",
        unreachable=f"Nothing answers at {shown}. "
        "Start the server there, or set TRAMONTANE_CHAT to another address.",
        key_setting=setting,
        model_setting=SERVER_MODEL_SETTING,
        timeout_seconds=timeout_seconds,
        api_key=None if api_key is None else faults.checked_key(api_key, setting),
        gate=gate,
    )


def http_client(endpoint: Endpoint) -> httpx2.Client:
    """Connections within the bounds of an endpoint's patience, to be closed by the caller."""
    connect = min(endpoint.timeout_seconds, CONNECT_TIMEOUT_SECONDS)
    return httpx2.Client(
        timeout=httpx2.Timeout(endpoint.timeout_seconds, connect=connect),
        trust_env=False,
        transport=BoundedTransport(endpoint.timeout_seconds),
        event_hooks={"request": [endpoint.admit, _keep_needed_headers]},
    )


def sdk(endpoint: Endpoint, http: httpx2.Client) -> openai.OpenAI:
    """The SDK on these connections; it tries nothing again by itself."""
    key = endpoint.api_key or _NO_KEY
    return openai.OpenAI(
        api_key=key,
        base_url=endpoint.url,
        http_client=http,
        timeout=http.timeout,
        max_retries=0,
        default_headers={"Authorization": f"Bearer {key}", "User-Agent": "tramontane"},
    )


def _keep_needed_headers(request: httpx2.Request) -> None:
    for name in list(request.headers):
        if name.lower() not in _HEADERS:
            del request.headers[name]
    if request.headers.get("authorization") == f"Bearer {_NO_KEY}":
        del request.headers["authorization"]


@contextmanager
def translated(endpoint: Endpoint) -> Iterator[None]:
    """Turn what the SDK raises, also in the middle of a stream, into errors of ours."""
    try:
        yield
    except openai.APIStatusError as error:
        raise faults.refusal(endpoint, error.response, error.response.text) from error
    except openai.APIConnectionError as error:
        cause = error.__cause__
        if isinstance(cause, RagError):  # a gate that was closed
            raise cause from error
        if isinstance(cause, httpx2.RequestError):
            raise faults.failed_connection(endpoint, cause) from error
        raise faults.cut_off(endpoint) from error
    except openai.APIError as error:
        if error.body is None or isinstance(error, openai.APIResponseValidationError):
            raise faults.nonsense(endpoint) from error
        raise faults.broken_off(endpoint, error.body) from error
    except httpx2.RequestError as error:
        raise faults.failed_connection(endpoint, error) from error
    except (ValueError, RecursionError) as error:  # neither JSON nor text, or nested without end
        raise faults.nonsense(endpoint) from error


class Aside:
    """Asks a server things beside the answers themselves, and takes no answer for an answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = replace(endpoint, timeout_seconds=ASIDE_SECONDS)
        self._http = http_client(self._endpoint)
        weakref.finalize(self, self._http.close)

    def ask(self, path: str, body: Mapping[str, object] | None = None) -> object:
        """The JSON at a path of the server, None where that does not come in `ASIDE_SECONDS`.

        It is asked by GET, or by POST where there is a body.
        """
        headers = {"User-Agent": "tramontane"}
        if self._endpoint.api_key is not None:
            headers["Authorization"] = f"Bearer {self._endpoint.api_key}"
        url = self._endpoint.url.removesuffix("/v1") + path
        try:
            if body is None:
                reply = self._http.get(url, headers=headers)
            else:
                reply = self._http.post(url, headers=headers, json=body)
            return json.loads(reply.content) if reply.status_code == 200 else None
        except (httpx2.RequestError, ValueError, RecursionError):
            return None
