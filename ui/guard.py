"""What is let through: the routes the page needs, requests from the page itself, small bodies.

Gradio alone would fetch any address given to it (`/gradio_api/file=http…`, `/proxy=`), reflect
any Origin, and send no security headers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.completions import Fault

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ROUTES = re.compile(
    r"""^/(?:
        healthz | v1/(?:models | chat/completions) | page/(?:fonts/)?[\w.-]+ | drafts | offers
        | documents | documents/[\w-]+/pages/[0-9]{1,9}\.jpg
        | config/? | theme\.css | favicon\.ico | robots\.txt | manifest\.json | pwa_icon(?:/\d+)?
        | assets/.+ | static/.+ | svelte/.+
        | gradio_api/(?:
            info/? | startup-events | app_id/? | queue/join | queue/data | cancel | reset/?
            | heartbeat/\w+ | run/predict
        )
    )?$""",
    re.VERBOSE,
)
UPLOADS = "/documents"  # its route has a limit of its own, and names the file that is over it
DRAFTS = "/drafts"  # as has this one
PROGRAMS = "/v1/"  # whoever asks here reads refusals as JSON
MAX_BODY_BYTES = 1_000_000
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
}
# Gradio's page needs inline scripts, and its HTML component compiles its own templates.
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; "
    "frame-ancestors {ancestors}"
)
SPACES = "'self' https://huggingface.co https://*.hf.space"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the server stands: on a private machine or a Space.

    `loopback_only` refuses other host names, which a rebound DNS name would have.
    """

    loopback_only: bool
    on_space: bool


class Guard:
    """ASGI middleware that refuses what the page does not need, and sets the headers."""

    def __init__(self, app: ASGIApp, setting: Setting) -> None:
        self._app = app
        self._setting = setting
        ancestors = SPACES if setting.on_space else "'self'"
        self._headers = {
            **HEADERS,
            "content-security-policy": CONTENT_POLICY.format(ancestors=ancestors),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a refusal, or pass the request on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        if scope["path"] not in (UPLOADS, DRAFTS):
            receive = _capped(receive, MAX_BODY_BYTES)
        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = _host(f"//{headers.get('host', '')}")
        if host is None:
            return _response(scope, "The request names no host that could be.", 400)
        if self._setting.loopback_only and host not in LOOPBACK:
            return _response(scope, "This server answers only on this machine.", 421)
        if not ROUTES.match(scope["path"]):
            return _response(scope, "There is nothing here.", 404)
        if _is_foreign(scope["method"], headers):
            return _response(scope, "Requests from other sites are refused.", 403)
        length = headers.get("content-length", "0")
        is_large = not length.isdigit() or int(length) > MAX_BODY_BYTES
        if is_large and scope["path"] not in (UPLOADS, DRAFTS):
            return _response(scope, "That is larger than this server takes in.", 413)
        return None


def _response(scope: Scope, sentence: str, status: int) -> Response:
    """A refusal as its reader expects it."""
    if scope["path"].startswith(PROGRAMS):
        return JSONResponse(Fault(sentence, "refused", status).body, status)
    return PlainTextResponse(sentence, status)


def _is_foreign(method: str, headers: Headers) -> bool:
    """Whether another site sent this. Following a link to the page is not foreign."""
    origin = headers.get("origin")
    if origin is not None and not _is_own(origin, headers.get("host", "")):
        return True
    navigates = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
    site = headers.get("sec-fetch-site", "none")
    return site not in ("same-origin", "none") and not navigates


def _is_own(origin: str, host: str) -> bool:
    return _host(origin) is not None and urlsplit(origin).netloc == host


def _host(address: str) -> str | None:
    """The host of an address, empty where it names none; None where it is malformed."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return None


def _capped(receive: Receive, limit: int) -> Receive:
    """The same body, ended as if the client had gone once it is longer than the limit."""
    received = 0

    async def receive_capped() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > limit:
                return {"type": "http.disconnect"}
        return message

    return receive_capped
