"""Plain typed functions as tools that a model may call."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from types import CodeType
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from rag.apart import Raised, run_apart
from rag.domain import Passage, ToolCall, ToolResult, ToolSpec
from rag.errors import RagError, ToolError
from rag.tool_calls import LONGEST_NAME

NOTHING_ANSWERS = "Nothing in the documents answers this; the nearest passages follow, if any."
LONGEST_ARGUMENTS = 4_000  # characters of a call's arguments
LONGEST_RESULT = 12_000  # characters of a tool's own words
LONGEST_SECONDS = 30.0
TOO_LONG = "The call was not run: its arguments have more than {most:,} characters. Give less."
UNKNOWN_TOOL = "There is no tool named"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Findings:
    """Passages, and a sentence for the model on what they are worth."""

    passages: tuple[Passage, ...]
    note: str = ""


ToolFunction = Callable[..., str | Sequence[Passage] | Findings]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function with the name, description and arguments that a model is shown.

    `tell` puts into words what a function gives that is neither words nor passages.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    function: ToolFunction
    tell: Callable[[object], str] | None = None

    @property
    def spec(self) -> ToolSpec:
        """The tool as described to a model."""
        return ToolSpec(self.name, self.description, _schema_of(self.arguments))


# By the code of functions that are defined anew for each question: making these takes a third of
# the time until the first word.
_known_arguments: dict[tuple[CodeType, str], type[BaseModel]] = {}


def tool_from(function: ToolFunction) -> Tool:
    """Describe a function by its name, its docstring and its annotated parameters."""
    code = getattr(function, "__code__", None)
    if code is None:
        arguments = _arguments_of(function)
    else:
        key = (code, repr((function.__defaults__, function.__kwdefaults__)))
        if key not in _known_arguments:
            _known_arguments[key] = _arguments_of(function)
        arguments = _known_arguments[key]
    return Tool(function.__name__, inspect.getdoc(function) or "", arguments, function)


def _arguments_of(function: ToolFunction) -> type[BaseModel]:
    signature = inspect.signature(function, eval_str=True)
    fields: dict[str, Any] = {
        name: (
            parameter.annotation,
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for name, parameter in signature.parameters.items()
    }
    config = ConfigDict(extra="forbid")
    arguments: type[BaseModel] = create_model(function.__name__, __config__=config, **fields)
    return arguments


@lru_cache(maxsize=256)
def _schema_of(arguments: type[BaseModel]) -> Mapping[str, Any]:
    return _brief(arguments.model_json_schema())


def _brief(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in fewer tokens, which every question pays: no titles, and no choice of null.

    What is not required may be left out; that a null is taken for it is nobody's need to know.
    """
    kept = {name: value for name, value in schema.items() if name != "title"}
    if kept.get("default", ...) is None:
        del kept["default"]
    for name in ("properties", "$defs"):
        if name in kept:
            kept[name] = {key: _brief(value) for key, value in kept[name].items()}
    if isinstance(kept.get("items"), Mapping):
        kept["items"] = _brief(kept["items"])
    if "anyOf" in kept:
        choices = [_brief(each) for each in kept.pop("anyOf") if each != {"type": "null"}]
        kept |= choices[0] if len(choices) == 1 else {"anyOf": choices}
    return kept


def run_tool(call: ToolCall, tools: Mapping[str, Tool]) -> ToolResult:
    """Run a call; whatever the model could mend comes back as a failed result."""
    tool = tools.get(call.name)
    if tool is None:
        known = ", ".join(sorted(tools)) or "none"
        named = call.name[:LONGEST_NAME]
        return ToolResult(call, f"{UNKNOWN_TOOL} {named!r}. Tools: {known}.", failed=True)
    if len(call.arguments) > LONGEST_ARGUMENTS:
        return ToolResult(call, TOO_LONG.format(most=LONGEST_ARGUMENTS), failed=True)
    try:
        arguments = tool.arguments.model_validate_json(call.arguments or "{}")
        output = _within_time(tool, arguments)
    except ValidationError as error:
        return ToolResult(call, _sendable(_what_is_wrong(error)), failed=True)
    except (ToolError, RagError) as error:
        return ToolResult(call, _sendable(str(error)), failed=True)
    if isinstance(output, str):
        return ToolResult(call, _sendable(output))
    if isinstance(output, Findings):
        found = output.note or f"{len(output.passages)} passages found."
        return ToolResult(call, found, output.passages)
    return ToolResult(call, f"{len(output)} passages found.", passages=tuple(output))


def _within_time(tool: Tool, arguments: BaseModel) -> str | Sequence[Passage] | Findings:
    """What a tool gives; nobody waits for one that takes too long.

    Raises:
        ToolError: it takes too long, or breaks down. What else it raised may hold secrets, and is
            told to nobody: the log has the place.
        RagError: it says so itself.
    """
    try:
        outcome = run_apart(partial(_given, tool, arguments), LONGEST_SECONDS)
    except TimeoutError as error:
        raise ToolError(f"{tool.name} takes too long. Ask it for less.") from error
    if not isinstance(outcome, Raised):
        return outcome.value
    if isinstance(outcome.error, ToolError | RagError):
        raise outcome.error
    path = inspect.getsourcefile(tool.function)
    line = outcome.line_in(path)
    logger.warning("The tool %s raised %s (%s, line %s).", tool.name, outcome.kind, path, line)
    raise ToolError(f"{tool.name} broke down. Go on without it.") from outcome.error


def _given(tool: Tool, arguments: BaseModel) -> str | Sequence[Passage] | Findings:
    given = tool.function(**dict(arguments))
    return given if tool.tell is None else tool.tell(given)


def _sendable(text: str) -> str:
    """As much of a text as a model reads, without what no request can carry: half characters."""
    return text[:LONGEST_RESULT].encode("utf-8", "replace").decode("utf-8")


def _what_is_wrong(error: ValidationError) -> str:
    """What a model has to mend in its arguments."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'The arguments'}: {fault['msg']}"
        for fault in error.errors(include_url=False)
    ]
    return "The call cannot be run. " + "; ".join(faults)
