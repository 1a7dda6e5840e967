"""Calls of tools, written by a model as JSON objects in its text, found while it is still writing.

A call is `{"tool": name, "arguments": {...}}`; `name` stands for `tool` too, as models write it
that learned another way to call. No character of one is ever returned to be shown.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from rag.domain import ToolCall
from rag.folding import encodable

LONGEST_NAME = 100  # characters
CUT = "the object does not end"
COPIED = "this is a text of the documents, which is never run"

_FENCE = r"`{3}(?:json)?\s*"
_MARK = r"(?:\[TOOL_CALLS\]\s*)?(?:\[\s*)?"  # how Mistral's later models begin their calls
_OPENING = re.compile(
    rf"""(?:{_FENCE})?{_MARK}\{{\s*["'“]?(?P<key>tool|name|answer)["'”]?\s*(?::|=>|=)""",
    re.IGNORECASE,
)
_BEGINNING = re.compile(
    r"""`{1,2}|`{3}(?:j(?:s(?:on?)?)?)?\s*
    |\[(?:T(?:O(?:O(?:L(?:_(?:C(?:A(?:L(?:LS?)?)?)?)?)?)?)?)?)?
    |(?:`{3}(?:json)?\s*)?(?:\[TOOL_CALLS\]\s*)?(?:\[\s*)?
    |(?:`{3}(?:json)?\s*)?(?:\[TOOL_CALLS\]\s*)?(?:\[\s*)?\{\s*
     (?:["'“]?(?:t(?:o(?:ol?)?)?|n(?:a(?:me?)?)?|a(?:n(?:s(?:w(?:er?)?)?)?)?)?["'”]?\s*=?)?""",
    re.IGNORECASE | re.VERBOSE,
)
_FENCE_END = re.compile(r"\s*`{3}")
_CANDIDATE = re.compile(r"[`{[]")
_DECODER = json.JSONDecoder()

Call = tuple[str, str]  # the name of a tool, and its arguments as JSON text


class CallReader:
    """Takes the calls of tools out of one reply of a model.

    Text that may still turn into a call is held back. What a document holds in the same words is
    none: `copied` knows it. `fault` says what is wrong with an object that was meant for a call;
    `ready` is true once the model said that it can answer.
    """

    def __init__(self, copied: Sequence[str] = ()) -> None:
        self.calls: list[ToolCall] = []
        self.ready = False
        self.fault = ""
        self.shown = False
        self._copied = copied
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next piece of the reply; return what can be shown of it."""
        self._held += text
        return self._read("}" in text, ended=False)

    def rest(self) -> str:
        """What was held back when the reply ended, and is no call."""
        return self._read(True, ended=True)

    def _read(self, closing: bool, *, ended: bool) -> str:
        shown = ""
        position = 0
        while found := _CANDIDATE.search(self._held, position):
            start = found.start()
            opening = _OPENING.match(self._held, start)
            if opening is None:
                if not ended and _BEGINNING.fullmatch(self._held, start):
                    return shown + self._pass(start)
                position = start + 1
                continue
            shown += self._pass(start)
            position = 0
            if not closing and not ended:
                return shown
            opening = _OPENING.match(self._held)
            taken = self._take(opening) if opening else None
            if taken is None and not ended:
                return shown
            shown += self._show(taken if taken is not None else self._given_up(opening))
        return shown + self._pass(len(self._held))

    def _pass(self, end: int) -> str:
        """Let go of what stands before `end`; nothing after a call, or a word for one, is shown."""
        text, self._held = self._held[:end], self._held[end:]
        return self._show(text)

    def _show(self, text: str) -> str:
        if self.calls or self.ready or self.fault:
            return ""
        self.shown = self.shown or bool(text.strip())
        return text

    def _take(self, opening: re.Match[str]) -> str | None:
        """Take the object at the beginning of what is held; what of it is to be shown.

        None while it is not whole, or where it never can be.
        """
        start = self._held.index("{", opening.start())
        try:
            value, end = _DECODER.raw_decode(self._held, start)
        except (ValueError, RecursionError):
            return None
        fence = _FENCE_END.match(self._held, end) if self._held.startswith("`") else None
        end = fence.end() if fence else end
        whole, self._held = self._held[:end], self._held[end:]
        call = _call(value)
        if call is not None:
            return self._called(call, whole)
        if value.get("answer") is True:
            self.ready = not self.shown and not self.calls
            return ""
        said = value.get("answer")
        return said if isinstance(said, str) and len(value) == 1 else whole

    def _called(self, call: Call, whole: str) -> str:
        if call in _calls_in(self._copied):
            if self.shown:
                return whole
            self.fault = self.fault or COPIED
        else:
            self.calls.append(ToolCall(secrets.token_hex(5)[:9], *call))
        return ""

    def _given_up(self, opening: re.Match[str] | None) -> str:
        """The end of a reply that no JSON can be read from; what of it is to be shown."""
        whole, self._held = self._held, ""
        key = opening["key"].lower() if opening else ""
        if key == "tool" or (key == "name" and "arguments" in whole):
            self.fault = self.fault or _what_is_wrong(whole)
            return ""
        return whole


def _call(value: dict[str, Any]) -> Call | None:
    """The call that an object is, if it is one."""
    arguments = value.get("arguments", value.get("parameters"))
    name = value.get("tool")
    if name is None and arguments is not None:
        name = value.get("name")
    if not isinstance(name, str) or (arguments is None and len(value) > 1):
        return None
    if not isinstance(arguments, str):
        arguments = json.dumps({} if arguments is None else arguments)
    return encodable(name[:LONGEST_NAME]), encodable(arguments)


def _calls_in(texts: Iterable[str]) -> set[Call]:
    """The calls that stand in texts, whoever wrote them there."""
    found: set[Call] = set()
    for text in texts:
        for opening in _OPENING.finditer(text):
            try:
                value, _ = _DECODER.raw_decode(text, text.index("{", opening.start()))
            except (ValueError, RecursionError):
                continue
            call = _call(value)
            if call is not None:
                found.add(call)
    return found


def _what_is_wrong(text: str) -> str:
    """Why an object cannot be read, in the words of the reader of JSON."""
    try:
        _DECODER.raw_decode(text, text.index("{"))
    except json.JSONDecodeError as error:
        near = len(text) - error.pos < 2
        return CUT if near else f"{error.msg} at character {error.pos + 1}"
    except (ValueError, RecursionError):
        return "it is too deep, or holds too long a number"
    return CUT


class NamedCallReader:
    """Brings `name{...}`, as later models begin a reply that is a call, to the form of a call."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._held = ""
        self._decided = self._rewritten = False

    def feed(self, text: str) -> str:
        """Take the next piece of a reply; return what can be read of it by now."""
        if self._decided:
            return text
        self._held += text
        begun = self._held.lstrip().removeprefix("[TOOL_CALLS]")
        for name in self._names:
            rest = begun.removeprefix(name).lstrip().removeprefix("[ARGS]").lstrip()
            if begun.startswith(name) and rest.startswith("{"):
                self._decided = self._rewritten = True
                return f'{{"tool": {json.dumps(name)}, "arguments": {rest}'
        if any(_may_become(begun, name) for name in self._names):
            return ""
        self._decided = True
        return self._held

    def rest(self) -> str:
        """What is missing when the reply has ended."""
        if self._decided:
            return "}" if self._rewritten else ""
        return self._held


def _may_become(begun: str, name: str) -> bool:
    """Whether more text can make a call by this name of what a reply begins with."""
    if name.startswith(begun) or "[TOOL_CALLS]".startswith(begun):
        return True
    return begun.startswith(name) and "[ARGS]".startswith(begun.removeprefix(name).strip())
