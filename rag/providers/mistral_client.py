"""The way to La Plateforme through Mistral's own SDK, and what goes wrong on it, in our words."""

from __future__ import annotations

import json
import logging
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
from mistralai.client import Mistral, errors

from rag.policy import Gate, open_gate
from rag.providers import faults
from rag.providers.bounds import BoundedTransport
from rag.providers.faults import Endpoint

_DEPRECATION_HEADER = "x-model-deprecation-timestamp"

_log = logging.getLogger(__name__)


def endpoint_of(
    api_key: str,
    model: str,
    model_setting: str,
    url: str,
    timeout_seconds: float,
    gate: Gate = open_gate,
) -> Endpoint:
    """La Plateforme in the words of its errors.

    Raises:
        AuthenticationError: the key cannot be one.
        SettingsError: the address is none.
    """
    address = faults.checked_address(url, "TRAMONTANE_MISTRAL_URL")
    shown = str(address).rstrip("/").removesuffix("/v1")
    return Endpoint(
        name="La Plateforme",
        url=shown,
        model=model,
        unreachable=f"La Plateforme cannot be reached at {shown}. "
        "Check this machine's way to the network, or TRAMONTANE_MISTRAL_URL.",
        key_setting="MISTRAL_API_KEY",
        model_setting=model_setting,
        timeout_seconds=timeout_seconds,
        api_key=faults.checked_key(api_key, "MISTRAL_API_KEY"),
        gate=gate,
    )


def connected(endpoint: Endpoint, owner: object) -> Mistral:
    """A client whose connections close when `owner` goes."""
    http = http_client(endpoint)
    weakref.finalize(owner, http.close)
    return sdk(endpoint, http)


def http_client(endpoint: Endpoint) -> httpx2.Client:
    """A client for this one host, within bounds: no proxy of the environment, no redirect."""
    return httpx2.Client(
        timeout=endpoint.timeout_seconds,
        trust_env=False,
        transport=BoundedTransport(endpoint.timeout_seconds),
        event_hooks={"request": [endpoint.admit], "response": [_spare_the_sdk]},
    )


def sdk(endpoint: Endpoint, http: httpx2.Client) -> Mistral:
    """Mistral's client, speaking through this connection alone."""
    return Mistral(
        api_key=endpoint.api_key,
        server_url=endpoint.url,
        client=http,
        async_client=httpx2.AsyncClient(transport=httpx2.AsyncBaseTransport()),  # leads nowhere
        timeout_ms=round(endpoint.timeout_seconds * 1000),
    )


def _spare_the_sdk(response: httpx2.Response) -> None:
    """Keep two kinds of reply from the SDK (3.7), which fails on them while streaming.

    It reads the body, not yet there, of a reply that announces the end of a model, and of a
    refusal without a body.
    """
    date = response.headers.pop(_DEPRECATION_HEADER, None)
    if date is not None:
        _log.warning("La Plateforme retires the model in use on %s", date)
    if response.status_code != 200:
        response.read()


@contextmanager
def translated(endpoint: Endpoint) -> Iterator[None]:
    """Turn what the SDK raises, also in the middle of a stream, into errors of ours."""
    try:
        yield
    except errors.MistralError as error:
        if isinstance(error, errors.ResponseValidationError) and error.status_code == 200:
            raise _unexpected(endpoint, error.body) from error
        raise faults.refusal(endpoint, error.raw_response, error.body) from error
    except errors.NoResponseError as error:
        raise faults.cut_off(endpoint) from error
    except httpx2.RequestError as error:
        raise faults.failed_connection(endpoint, error) from error
    except (ValueError, RecursionError) as error:  # neither JSON nor text, or nested without end
        raise faults.nonsense(endpoint) from error


def _unexpected(endpoint: Endpoint, body: str) -> Exception:
    """The error for a reply that the SDK cannot read: often an event that reports a fault."""
    try:
        event: Any = json.loads(body)
    except (ValueError, RecursionError):
        return faults.nonsense(endpoint)
    content = event.get("data") if isinstance(event, Mapping) else None
    if isinstance(content, Mapping) and (content.get("object") == "error" or "error" in content):
        return faults.broken_off(endpoint, content)
    return faults.nonsense(endpoint)
