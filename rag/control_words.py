"""The words by which chat templates mark who speaks, which no text from outside may hold.

Many servers read such a word as the control token of that name wherever it stands: a document
that says `[/INST]` could end the user's turn, and speak for the system or for a tool.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.domain import Message, Prompt

# Mistral's templates from v1 to v15, https://docs.mistral.ai/guides/tokenization; then Llama's,
# ChatML's as Qwen and others write it, and Gemma's, which an own server may serve.
_CONTROL = re.compile(
    r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|ARGS|CALL_ID"
    r"|MODEL_SETTINGS|THINK|REF|IMG|IMG_BREAK|IMG_END|AUDIO|BEGIN_AUDIO|TRANSCRIBE"
    r"|PREFIX|MIDDLE|SUFFIX)\]"
    r"|</?s>|<<?/?SYS>>?|<(?:unk|pad|bos|eos|start_of_turn|end_of_turn)>|<SPECIAL_\d{1,4}>"
    r"|</?tool_(?:call|response)>|<\|[\w/][\w/ .:-]{0,60}\|>|<[|｜][\w▁]{1,60}[|｜]>"
)
_BRACKETS = "[]<>"


def without_control_words(text: str) -> str:
    """The text with every such word in round brackets: `(/INST)` is the token of no template."""
    if "[" not in text and "<" not in text:
        return text
    return _CONTROL.sub(lambda word: f"({word[0].strip(_BRACKETS)})", text)


def harmless(prompt: Prompt) -> Prompt:
    """The prompt without such words in its messages, the calls in them included."""
    return replace(prompt, messages=harmless_messages(prompt.messages))


def harmless_messages(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages without such words, the calls in them included."""
    return tuple(map(_harmless, messages))


def _harmless(message: Message) -> Message:
    calls = (
        replace(
            call,
            name=without_control_words(call.name),
            arguments=without_control_words(call.arguments),
        )
        for call in message.tool_calls
    )
    content = without_control_words(message.content)
    return replace(message, content=content, tool_calls=tuple(calls))
