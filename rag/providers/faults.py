"""What went wrong with a model's server, as errors of ours with sentences fit for a user.

Both SDKs speak through httpx2, so their errors come down to a response that refuses or a
connection that fails; each vendor file takes its own errors apart and asks here for ours.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from rag.errors import (
    AuthenticationError,
    ContextLengthError,
    InvalidReplyError,
    ModelNotFoundError,
    NotBegunError,
    ProviderError,
    RateLimitError,
    RefusedRequestError,
    SettingsError,
    UnavailableError,
)
from rag.policy import Gate, open_gate
from rag.providers.bounds import Stopped, TooLong
from rag.providers.retries import LONGEST_WAIT_SECONDS, TransientFault

MAX_QUOTED_CHARACTERS = 200
MAX_READ_CHARACTERS = 20_000  # of an error's body; a web page may be any length
SERVER_MODEL_SETTING = "TRAMONTANE_CHAT_MODEL"  # of a chat server of one's own
LONGEST_TOLD_SECONDS = 172_800
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 529})

_TOO_LONG = re.compile(
    r"context (length|size|window)|maximum context|too (long|large for model)"
    r"|too many (tokens|inputs)|\b3210\b",  # 3210: La Plateforme's code for a batch too large
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"invalid.model|model.{0,200}(not exist|not found|not available)|(no such|unknown) model",
    re.IGNORECASE | re.DOTALL,
)

_KEY_SETTINGS = {
    "TRAMONTANE_CHAT": "TRAMONTANE_CHAT_API_KEY",
    "TRAMONTANE_EMBEDDING": "TRAMONTANE_EMBEDDING_API_KEY",
    "TRAMONTANE_RERANK": "TRAMONTANE_RERANK_API_KEY",
    "TRAMONTANE_MISTRAL_URL": "MISTRAL_API_KEY",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model's server in the words of its errors, and the settings that lead to it."""

    name: str
    url: str
    model: str
    unreachable: str
    key_setting: str
    model_setting: str
    timeout_seconds: float
    api_key: str | None = field(default=None, repr=False)
    gate: Gate = field(default=open_gate, repr=False)

    @property
    def subject(self) -> str:
        """The name at the beginning of a sentence."""
        return self.name[0].upper() + self.name[1:]

    def admit(self, request: httpx2.Request) -> None:
        """Ask the gate before a request is sent; every client of an endpoint calls it.

        Raises:
            PolicyError: nothing may be sent there.
        """
        self.gate(str(request.url), self.model_setting)


def checked_key(api_key: str, setting: str) -> str:
    """The key without the blanks around it.

    Raises:
        AuthenticationError: it holds what no key holds, so no request can carry it.
    """
    key = api_key.strip()
    if not key or not re.fullmatch(r"[!-~]+", key):
        raise AuthenticationError(f"{setting} is not a key. Copy the key again, whole and alone.")
    return key


def checked_address(url: str, setting: str) -> httpx2.URL:
    """The address of a server.

    Raises:
        SettingsError: it is none, or holds what would be shown with it, such as a key.
    """
    if "?" in url or "#" in url:
        raise SettingsError(
            f"{setting} must be an address alone, without ? or # and what follows. "
            f"The key goes into {_KEY_SETTINGS[setting]}."
        )
    try:
        address = httpx2.URL(url.strip())
    except httpx2.InvalidURL as error:
        raise _not_an_address(url, setting) from error
    if address.scheme not in ("http", "https") or not address.host or (address.port or 0) > 65535:
        raise _not_an_address(url, setting)
    if address.userinfo:
        raise SettingsError(f"{setting} must not hold a password. Give the server's key instead.")
    return address


def _not_an_address(url: str, setting: str) -> SettingsError:
    shown = url.rpartition("@")[2]  # what stands before it may be a password
    return SettingsError(
        f"{setting} is not an address: {shown}. Write it like http://127.0.0.1:8000/v1."
    )


def refusal(endpoint: Endpoint, response: httpx2.Response, body: str) -> Exception:
    """The error for a response that carries no answer: a `ProviderError`, or a `TransientFault`."""
    status = response.status_code
    if status == 200:
        return InvalidReplyError(
            f"{endpoint.subject} answered with something else than a model's reply. "
            f"Check the address {endpoint.url}."
        )
    return refusal_by_status(endpoint, status, body, _retry_after_seconds(response.headers))


def refusal_by_status(
    endpoint: Endpoint, status: int, body: str, retry_after_seconds: float | None = None
) -> Exception:
    """The same, for a status that may have come inside a stream."""
    error = _error(endpoint, status, body, retry_after_seconds)
    if status in TRANSIENT_STATUSES:
        return TransientFault(error, retry_after_seconds)
    return error


def _error(
    endpoint: Endpoint, status: int, body: str, retry_after_seconds: float | None
) -> ProviderError:
    said, when = _classifiable(body), _when(retry_after_seconds)
    name = endpoint.subject
    if status == 401 and endpoint.api_key is None:
        return AuthenticationError(f"{name} wants a key. Set {endpoint.key_setting}.")
    if status == 401:
        return AuthenticationError(f"{name} does not accept the key. Check {endpoint.key_setting}.")
    if status == 403:
        return AuthenticationError(
            f"{name} does not allow this key to do that. Check what {endpoint.key_setting} may use."
        )
    if status == 402:
        return RateLimitError(
            f"The budget at {endpoint.name} is spent. Add credit there, then try again."
        )
    if status == 429:
        return RateLimitError(f"{name} has had too many requests or tokens for now. {when}")
    if status >= 500:
        return NotBegunError(f"{name} has a fault of its own ({status}). {when}")
    if _NO_MODEL.search(said):
        return ModelNotFoundError(
            f"{name} does not serve {endpoint.model}. Choose another model, or set "
            f"{endpoint.model_setting} to one that it serves; `tramontane doctor` lists them."
        )
    if status == 413 or _TOO_LONG.search(said):
        return ContextLengthError(
            f"The question and its passages are longer than {endpoint.model} reads. "
            f"TRAMONTANE_PASSAGES lowers the number of passages{_context_setting(endpoint)}. "
            "Ask with fewer passages or a shorter conversation."
        )
    if status == 404 or status < 400:
        return NotBegunError(
            f"No model's server is at {endpoint.url} (it answers {status}). Check the address."
        )
    kind = InvalidReplyError if status in TRANSIENT_STATUSES else RefusedRequestError
    return kind(f"{name} refused the request ({status}){_quoted(endpoint, body)}")


def _context_setting(endpoint: Endpoint) -> str:
    """What else mends a prompt that is too long: a server may read less than it told."""
    if endpoint.model_setting != SERVER_MODEL_SETTING:
        return ""
    return ", and TRAMONTANE_CHAT_CONTEXT_TOKENS says how much the server reads"


def failed_connection(endpoint: Endpoint, error: httpx2.RequestError) -> Exception:
    """The error for a request or a stream that the network broke."""
    if isinstance(error, httpx2.ConnectError):
        if "CERTIFICATE" in str(error).upper():
            return NotBegunError(
                f"The certificate of {endpoint.url} is not trusted on this machine. "
                "Check the address, or the machine's certificates."
            )
        return TransientFault(NotBegunError(endpoint.unreachable))
    if isinstance(error, httpx2.ConnectTimeout | httpx2.UnsupportedProtocol):
        return NotBegunError(endpoint.unreachable)
    if isinstance(error, Stopped):
        return InvalidReplyError(f"The answer of {endpoint.name} was stopped. Ask again.")
    if isinstance(error, TooLong):
        return UnavailableError(
            f"{endpoint.subject} did not come to an end in time. Try again, or raise "
            "TRAMONTANE_REQUEST_TIMEOUT_SECONDS."
        )
    if isinstance(error, httpx2.DecodingError):  # too large, or compressed without being asked
        return nonsense(endpoint)
    if isinstance(error, httpx2.TimeoutException):
        return UnavailableError(
            f"{endpoint.subject} was silent for {endpoint.timeout_seconds:g} seconds. Try again, "
            "or raise TRAMONTANE_REQUEST_TIMEOUT_SECONDS."
        )
    return TransientFault(
        InvalidReplyError(
            f"The connection to {endpoint.name} was cut off before the answer was complete. "
            "Try again."
        )
    )


def cut_off(endpoint: Endpoint) -> InvalidReplyError:
    """The error for a stream that ended without saying that it was finished."""
    return InvalidReplyError(
        f"The answer of {endpoint.name} was cut off before it was complete. Try again."
    )


def nonsense(endpoint: Endpoint) -> InvalidReplyError:
    """The error for a reply that is not in the format the server promises."""
    return InvalidReplyError(
        f"The reply of {endpoint.name} makes no sense to this program. Try again, "
        f"or check the address {endpoint.url}."
    )


def broken_off(endpoint: Endpoint, event: object) -> Exception:
    """The error for an event that, instead of a piece of the answer, says what went wrong."""
    inner = event.get("error", event) if isinstance(event, Mapping) else event
    try:
        body = json.dumps(inner, default=str)
    except RecursionError:
        return nonsense(endpoint)
    status = inner.get("code") if isinstance(inner, Mapping) else None
    if isinstance(status, int) and 400 <= status < 500:
        return refusal_by_status(endpoint, status, body)
    if _TOO_LONG.search(_classifiable(body)):
        return refusal_by_status(endpoint, 400, body)
    error = UnavailableError(
        f"{endpoint.subject} broke off its answer{_quoted(endpoint, body)} Try again."
    )
    return TransientFault(error) if status in TRANSIENT_STATUSES else error


def _quoted(endpoint: Endpoint, body: str) -> str:
    """The server's own words, short, without control characters and without the key."""
    message = _message(body)
    if endpoint.api_key is not None:
        message = message.replace(endpoint.api_key, "…")
    message = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    if len(message) > MAX_QUOTED_CHARACTERS:
        message = message[: MAX_QUOTED_CHARACTERS - 1] + "…"
    return f": {message.rstrip('.')}." if message else "."


def said_in(body: str) -> str:
    """The words of a server's refusal, without what it may echo of the request."""
    return _classifiable(body)


def _classifiable(body: str) -> str:
    """Message, type and code of an error body: not the rest, which may echo the request."""
    content = _content(body)
    inner = content.get("error", content) if isinstance(content, Mapping) else content
    labels = [inner.get("type"), inner.get("code")] if isinstance(inner, Mapping) else []
    return " ".join(str(part) for part in (_message(body), *labels) if part)


def _message(body: str) -> str:
    """What an error body says, in any of the shapes that Mistral, vLLM and others give it."""
    content = _content(body)
    while isinstance(content, Mapping):
        content = next(
            (content[key] for key in ("error", "message", "detail", "msg") if content.get(key)), ""
        )
        if isinstance(content, list) and content:
            content = content[0]
    return content if isinstance(content, str) else ""


def _content(body: str) -> Any:
    """The JSON of an error body; nothing where it is none, or none that says anything."""
    if len(body) > MAX_READ_CHARACTERS:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _retry_after_seconds(headers: httpx2.Headers) -> float | None:
    """What `Retry-After` asks for, in seconds or as a date; None where it says nothing usable."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _when(seconds: float | None) -> str:
    if seconds is None or seconds <= LONGEST_WAIT_SECONDS:
        return "Try again in a minute."
    if seconds < 120:
        return f"Try again in {math.ceil(seconds)} seconds."
    if seconds < 7200:
        return f"Try again in {math.ceil(seconds / 60)} minutes."
    if seconds < LONGEST_TOLD_SECONDS:
        return f"Try again in {math.ceil(seconds / 3600)} hours."
    return "Try again on another day."
