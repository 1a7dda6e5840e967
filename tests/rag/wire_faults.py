"""What a model's server can do wrong, byte by byte: each fault with how it has to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from rag.errors import (
    AuthenticationError,
    ContextLengthError,
    InvalidReplyError,
    ModelNotFoundError,
    ProviderError,
    RateLimitError,
    UnavailableError,
)
from tests.chat_rig import KEY
from tests.loopback import call, chunk, mistral_error, vllm_error
from tests.wire import DONE, Ending, Wire, event, head

ANSWER = "Twelve billion."
WHOLE = "whole"  # the answer, and a `Finish` that says it is complete
CUT = "cut"  # a `Finish` that says it is not

FIRST = event(chunk({"role": "assistant", "content": "Twelve "}))
SECOND = event(chunk({"content": "billion."}))
LAST = event(chunk({"content": ""}, "stop"))
PAGE = "<html><body><h1>Gateway</h1></body></html>"
GOOD = Wire([head(), FIRST, SECOND, LAST, DONE])


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what is sent, and how the question must end; `text` where it is not `ANSWER`."""

    name: str
    wires: Sequence[Wire]
    ends: str | type[ProviderError] | tuple[type[ProviderError] | str, ...]
    text: str = ANSWER

    @property
    def takes_time(self) -> bool:
        """Whether it ends by a time-out."""
        hangs = (Ending.SILENCE, Ending.REPEAT)
        return any(wire.drips or wire.ending in hangs for wire in self.wires)


Errors = Callable[[str, int], Mapping[str, Any]]


def la_plateforme_error(message: str, status: int) -> Mapping[str, Any]:
    return mistral_error(message, code=str(status))


def vllm_style_error(message: str, status: int) -> Mapping[str, Any]:
    return vllm_error(message, status)


def refused(
    status: int, body: object = "", headers: Mapping[str, str] | None = None, kind: str = ""
) -> Wire:
    """A whole reply, its length told."""
    written = body if isinstance(body, bytes) else _written(body)
    kind = kind or ("text/html" if isinstance(body, str) else "application/json")
    told = {"Content-Length": str(len(written)), **(headers or {})}
    return Wire([head(status, told, kind=kind), written])


def _written(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else event(body)[len(b"data: ") : -2]


def said(*parts: bytes, ending: Ending = Ending.CLOSE, drips: bool = False) -> Wire:
    """A stream that begins well."""
    return Wire([head(), *parts], ending, drips)


def streamed(*deltas: Mapping[str, Any], reason: str | None = "stop") -> Wire:
    """A stream of these deltas, properly ended."""
    return said(*(event(chunk(delta)) for delta in deltas), event(chunk({}, reason)), DONE)


def with_usage(usage: bytes) -> Wire:
    """The answer, with this written as its usage."""
    last = LAST.rstrip()[:-1] + b', "usage": ' + usage + b"}\n\n"
    return said(FIRST, SECOND, last, DONE)


def connections() -> Iterable[Fault]:
    """The connection itself fails."""
    reset, silence = Ending.RESET, Ending.SILENCE
    broken, silent = (InvalidReplyError, UnavailableError), UnavailableError
    yield Fault("closed before the request", [Wire(asked=False)], broken)
    yield Fault("reset before the request", [Wire(ending=reset, asked=False)], broken)
    yield Fault("closed before the headers", [Wire()], broken)
    yield Fault("reset before the headers", [Wire(ending=reset)], broken)
    yield Fault("reset after the headers", [said(ending=reset)], broken)
    yield Fault("reset in the middle", [said(FIRST, ending=reset)], broken)
    yield Fault("closed in the middle", [said(FIRST)], InvalidReplyError)
    yield Fault("closed within an event", [said(FIRST, SECOND[:20])], InvalidReplyError)
    yield Fault("closed within the headers", [Wire([b"HTTP/1.1 200 OK\r\nContent-"])], broken)
    yield Fault("shorter than its length", [_short()], broken)
    yield Fault("chunks cut off", [_chunked(b"%x\r\n" % len(FIRST) + FIRST[:9])], broken)
    yield Fault("chunks of no length", [_chunked(b"zz\r\nhello\r\n")], broken)
    yield Fault("silent before the headers", [Wire(ending=silence)], silent)
    yield Fault("silent before the first token", [said(ending=silence)], silent)
    yield Fault("silent after the first token", [said(FIRST, ending=silence)], silent)
    yield Fault("silent after the last word", [said(FIRST, SECOND, ending=silence)], silent)
    yield Fault("silent after the finish", [said(FIRST, SECOND, LAST, ending=silence)], silent)
    yield Fault("headers that drip", [Wire([head()], silence, drips=True)], silent)
    yield Fault("an event that drips", [said(FIRST * 3, ending=silence, drips=True)], silent)
    yield Fault("signs of life alone", [said(b": ping\n\n", ending=Ending.REPEAT)], silent)
    yield Fault("no HTTP at all", [Wire([b"\x15\x03\x01\x00\x02\x02\x16"])], broken)
    yield Fault("a greeting of SSH", [Wire([b"SSH-2.0-OpenSSH_9.2\r\n"])], broken)
    yield Fault(
        "headers without end", [Wire([b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 40_000])], broken
    )
    yield Fault("reset, then well", [Wire(ending=reset), GOOD], WHOLE)


def _short() -> Wire:
    return Wire([head(headers={"Content-Length": "900"}), FIRST])


def _chunked(body: bytes) -> Wire:
    return Wire([head(headers={"Transfer-Encoding": "chunked"}), body])


def statuses(error: Errors) -> Iterable[Fault]:
    """The server refuses."""
    ends: dict[int, type[ProviderError]] = {
        301: UnavailableError,
        308: UnavailableError,
        400: InvalidReplyError,
        401: AuthenticationError,
        402: RateLimitError,
        403: AuthenticationError,
        404: UnavailableError,
        405: InvalidReplyError,
        408: InvalidReplyError,
        409: InvalidReplyError,
        413: ContextLengthError,
        418: InvalidReplyError,
        422: InvalidReplyError,
        429: RateLimitError,
        500: UnavailableError,
        501: UnavailableError,
        502: UnavailableError,
        503: UnavailableError,
        504: UnavailableError,
        529: UnavailableError,
        599: UnavailableError,
    }
    for status, kind in ends.items():
        body = error(f"Refused, the key is {KEY}", status)
        yield Fault(f"{status}", [refused(status, body)], kind)
    for status in (404, 429, 502, 503, 529):
        yield Fault(f"{status} as a page", [refused(status, PAGE)], ends[status])
    for status in (500, 503, 529):
        yield Fault(f"{status}, then well", [refused(status, PAGE), GOOD], WHOLE)
    yield Fault("204 without a body", [refused(204)], (InvalidReplyError, UnavailableError))
    yield Fault(
        "400 of a model", [refused(400, error("Invalid model: x", 400))], ModelNotFoundError
    )
    too_long = error("This model's maximum context length is 2048 tokens.", 400)
    yield Fault("400 of a length", [refused(400, too_long)], ContextLengthError)
    yield Fault("400 of a huge body", [refused(400, "x" * 3_000_000)], InvalidReplyError)
    yield Fault("400 of no text", [refused(400, b"\xff\xfe\x00")], InvalidReplyError)
    yield Fault("400 nested without end", [refused(400, b"[" * 15_000)], InvalidReplyError)
    yield Fault("422 of no detail", [refused(422, {"detail": None})], InvalidReplyError)
    yield Fault("500 of half a body", [_half_refused()], (UnavailableError, InvalidReplyError))


def _half_refused() -> Wire:
    return Wire([head(500, {"Content-Length": "900"}, kind="application/json"), b'{"error": '])


def waits(error: Errors) -> Iterable[Fault]:
    """The server says when to come back, or something else."""
    body = error("Too many requests", 429)
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)
    for asked in ("0", "3", "0.5", "-5", "soon", "nan", "Wed, 99 Foo", "", soon):
        again = refused(429, body, {"Retry-After": asked})
        yield Fault(f"429 to wait {asked or 'for nothing'}", [again, GOOD], WHOLE)
    far = "Fri, 31 Dec 9999 23:59:59 GMT"
    for asked in ("21", "3600", "99999999999", far):
        again = refused(429, body, {"Retry-After": asked})
        yield Fault(f"429 to wait {asked}", [again, GOOD], RateLimitError)
    yield Fault("429 for ever", [refused(429, body, {"Retry-After": "1"})], RateLimitError)
    yield Fault("503 for an hour", [refused(503, body, {"Retry-After": "3600"})], UnavailableError)


def bodies(error: Errors) -> Iterable[Fault]:
    """It answers 200 with something that is no answer."""
    bad = InvalidReplyError
    page = Wire([head(kind="text/html"), PAGE.encode()])
    yield Fault("a page", [page], bad)
    yield Fault("a whole reply", [Wire([head(kind="application/json"), b"{}"])], bad)
    yield Fault("no type", [Wire([b"HTTP/1.1 200 OK\r\n\r\n", FIRST, LAST, DONE])], (bad, WHOLE))
    yield Fault("compressed garbage", [_compressed(b"garbage")], bad)
    yield Fault("compressed at all", [_compressed(b"\x1f\x8b\x08\x00\x00\x00\x00\x00")], bad)
    yield Fault("an unknown encoding", [_compressed(FIRST, "zz")], bad)
    yield Fault("nothing", [said()], bad)
    yield Fault("the end alone", [said(DONE)], bad)
    yield Fault("no end, but a finish", [said(FIRST, SECOND, LAST)], WHOLE)
    yield Fault("an end, but no finish", [said(FIRST, SECOND, DONE)], bad)
    yield Fault("a finish of null", [said(FIRST, SECOND, event(chunk({}, None)), DONE)], bad)
    yield Fault("invalid JSON", [said(FIRST, b"data: {oops\n\n", LAST, DONE)], bad)
    yield Fault("truncated JSON", [said(FIRST, SECOND[:-9] + b"\n\n", LAST, DONE)], bad)
    yield Fault("JSON nested without end", [said(FIRST, b"data: " + b"[" * 9_000 + b"\n\n")], bad)
    yield Fault("a number without end", [said(FIRST, b"data: " + b"9" * 9_000 + b"\n\n")], bad)
    yield Fault("invalid UTF-8", [said(FIRST, b'data: {"a": "\xff"}\n\n', LAST, DONE)], bad)
    yield Fault("a bare word", [said(FIRST, b"data: hello\n\n", LAST, DONE)], bad)
    yield Fault("a list", [said(FIRST, b"data: []\n\n", LAST, DONE)], bad)
    yield Fault("null", [said(FIRST, b"data: null\n\n", LAST, DONE)], bad)
    yield Fault("a line too long", [said(FIRST, b"data: " + b"x" * 1_100_000)], bad)
    told = {"object": "error", **error("Overloaded", 500)}
    yield Fault("an error first", [said(event(told))], UnavailableError)
    yield Fault("an error in between", [said(FIRST, event(told))], UnavailableError)
    yield Fault(
        "an error first, then well",
        [said(event(vllm_error("Busy", 503))), GOOD],
        (WHOLE, UnavailableError),
    )
    yield Fault(
        "an error of a limit", [said(FIRST, event(vllm_error("Slow down", 429)))], RateLimitError
    )
    yield Fault(
        "an error with the key",
        [said(FIRST, event(vllm_error(f"No {KEY}", 418)))],
        InvalidReplyError,
    )


def _compressed(body: bytes, encoding: str = "gzip") -> Wire:
    return Wire([head(headers={"Content-Encoding": encoding}), body])


def answers() -> Iterable[Fault]:
    """It answers in the right format, and oddly."""
    bad = InvalidReplyError
    one, two = {"content": "Twelve "}, {"content": "billion."}
    yield Fault("finish of length", [streamed(one, two, reason="length")], CUT)
    yield Fault("finish of error", [streamed(one, reason="error")], bad)
    yield Fault("finish of abort", [streamed(one, reason="abort")], bad)
    yield Fault("a filter", [streamed(one, two, reason="content_filter")], CUT)
    yield Fault("finish twice", [said(FIRST, SECOND, LAST, LAST, DONE)], WHOLE)
    yield Fault("no choices", [said(event(chunk()), DONE)], bad)
    yield Fault("no choices in between", [said(FIRST, event(chunk()), SECOND, LAST, DONE)], WHOLE)
    yield Fault("choices of null", [said(FIRST, event({**chunk(), "choices": None}))], bad)
    yield Fault("choices of text", [said(FIRST, event({**chunk(), "choices": "all"}))], bad)
    yield Fault("a choice of null", [said(FIRST, event({**chunk(), "choices": [None]}))], bad)
    yield Fault("content of null", [streamed(one, {"content": None}, two)], WHOLE)
    yield Fault("content of a number", [streamed(one, {"content": 5}, reason=None)], bad)
    yield Fault("no delta", [said(FIRST, event(_without("delta")), SECOND, LAST)], (bad, WHOLE))
    yield Fault("no index", [said(FIRST, event(_without("index")), SECOND, LAST)], (bad, WHOLE))
    yield Fault("another choice", [said(FIRST, event(_another()), SECOND, LAST, DONE)], WHOLE)
    yield Fault("unknown chunks", [streamed(one, {"content": [{"type": "hum"}]}, two)], WHOLE)
    yield Fault(
        "text of nothing", [streamed(one, {"content": [{"type": "text"}]})], (bad, WHOLE), "Twelve "
    )
    yield Fault("unknown fields", [streamed(one, {**two, "mood": {"x": 1}})], WHOLE)
    yield Fault("another model", [_renamed("gpt-oops")], WHOLE)
    yield Fault("NUL in the text", [streamed(one, {"content": "bill\x00ion."})], WHOLE)
    lone = b'data: {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", '
    lone += (
        b'"choices": [{"index": 0, "finish_reason": null, "delta": {"content": "\\ud83d"}}]}\n\n'
    )
    yield Fault("half a character", [said(FIRST, lone, LAST, DONE)], (bad, WHOLE), "Twelve \ufffd")
    yield Fault("a long word", [streamed({"content": "x" * 90_000})], WHOLE, "x" * 90_000)
    yield Fault("lines of CR LF", [said(*(part.replace(b"\n", b"\r\n") for part in _GOOD))], WHOLE)
    yield Fault("a byte order mark", [said(b"\xef\xbb\xbf" + FIRST, SECOND, LAST)], WHOLE)
    yield Fault("one byte at a time", [said(LAST[:60], drips=True)], UnavailableError)


_GOOD = (FIRST, SECOND, LAST, DONE)


def _without(field: str) -> dict[str, Any]:
    event_said = chunk({})
    del event_said["choices"][0][field]
    return event_said


def _another() -> dict[str, Any]:
    event_said = chunk({"content": "Thirteen "})
    event_said["choices"][0]["index"] = 1
    return event_said


def _renamed(model: str) -> Wire:
    events = [chunk({"content": ANSWER}), chunk({}, "stop")]
    return said(*(event({**each, "model": model}) for each in events), DONE)


def usages() -> Iterable[Fault]:
    """It counts its tokens oddly, or says so nowhere."""
    counts = {
        "missing": b"null",
        "empty": b"{}",
        "negative": b'{"prompt_tokens": -1, "completion_tokens": -2, "total_tokens": -3}',
        "no number": b'{"prompt_tokens": NaN, "completion_tokens": NaN, "total_tokens": NaN}',
        "infinite": b'{"prompt_tokens": 1e999, "completion_tokens": 1, "total_tokens": 1}',
        "text": b'{"prompt_tokens": "many", "completion_tokens": [], "total_tokens": {}}',
        "a list": b"[1, 2]",
    }
    for name, usage in counts.items():
        yield Fault(f"usage {name}", [with_usage(usage)], (WHOLE, InvalidReplyError))


def broken_calls() -> Iterable[Fault]:
    """It calls tools, and not as it should."""
    either = (WHOLE, InvalidReplyError)
    calls: dict[str, object] = {
        "in halves": [call(0, "abcdefghi", "search", '{"q": "x')],
        "without a name": [call(0, "abcdefghi", None, "{}")],
        "of text": "search",
        "of a number": 5,
        "of null": [None],
        "of words": ["search"],
        "without a function": [{"index": 0, "id": "abcdefghi", "type": "function"}],
        "with a number for a name": [{"index": 0, "id": 7, "function": {"name": 7}}],
        "with a list of arguments": [{"id": "a", "function": {"name": "s", "arguments": [1]}}],
        "a thousand times": [call(at, f"c{at:08}", "search", "{}") for at in range(1000)],
    }
    for name, given in calls.items():
        yield Fault(f"calls {name}", [streamed({"tool_calls": given})], either, "")


def faults(error: Errors) -> list[Fault]:
    """All of them, in the words of one server."""
    groups = (
        connections(),
        statuses(error),
        waits(error),
        bodies(error),
        answers(),
        usages(),
        broken_calls(),
    )
    return [fault for group in groups for fault in group]
