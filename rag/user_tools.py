"""Tools of the user's own, from a Python module that the settings name.

Every public function of the module is a tool, or those in its `__all__`. Its name, docstring and
annotations are its specification, as for the tools that come with Tramontane.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from rag.apart import Raised, run_apart
from rag.errors import SettingsError, ToolError
from rag.tools import Tool, tool_from
from rag.toolset import OFFERED

SETTING = "TRAMONTANE_TOOLS"
LOADING_SECONDS = 30.0
MOST_TOOLS = 64  # La Plateforme takes 128 in all
LOADED_AS = "tramontane_user_tools"  # the name in `sys.modules` of a module given by its file

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")  # what every server takes
_DOTTED = re.compile(r"\w+(\.\w+)*")
_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
# Messages about the code itself; those of other exceptions may hold secrets.
_TELLING = (ImportError, NameError, SyntaxError)


def load_tools(module: str | None) -> tuple[Tool, ...]:
    """The tools of a module, given by its file or its dotted name; none where none is named.

    Raises:
        SettingsError: it cannot be loaded, or a function of it cannot be a tool.
    """
    if module is None:
        return ()
    loaded = _loaded(module)
    functions = _functions(module, loaded)
    if not functions:
        raise SettingsError(
            f"{module} ({SETTING}) has no tools. Write a function in it, with a docstring and "
            "annotations, whose name does not begin with an underscore."
        )
    if len(functions) > MOST_TOOLS:
        raise SettingsError(
            f"{module} ({SETTING}) has {len(functions)} public functions, and {MOST_TOOLS} may be "
            "tools. Name in __all__ those that are meant."
        )
    return tuple(_tool(module, name, function) for name, function in functions.items())


def _loaded(module: str) -> ModuleType:
    """The module as it is run from its beginning.

    Raises:
        SettingsError: it is not there, does not end or raises.
    """
    path = _path_of(module)
    if path is not None and not path.is_file():
        raise SettingsError(f"{SETTING} is {module!r}, and there is no such file. Mend the path.")
    work = partial(importlib.import_module, module) if path is None else partial(_run_file, path)
    try:
        outcome = run_apart(work, LOADING_SECONDS)
    except TimeoutError as error:
        raise SettingsError(
            f"{module} ({SETTING}) takes more than {LOADING_SECONDS:.0f} seconds to load. Let it "
            "only define its functions."
        ) from error
    if not isinstance(outcome, Raised):
        return outcome.value
    if path is None and _is_missing(outcome.error, module):
        raise SettingsError(
            f"{SETTING} is {module!r}, and there is no such module. Give the path of its file, "
            "such as tools/my_tools.py, or install the package that it is in."
        ) from outcome.error
    line = outcome.line_in(_file_of(path, module))
    where = "" if line is None else f" (line {line})"
    said = f": {_one_line(outcome.error)}" if isinstance(outcome.error, _TELLING) else ""
    raise SettingsError(
        f"{module} ({SETTING}) cannot be loaded: it raises {outcome.kind}{where}{said}. Mend it, "
        "or unset the setting."
    ) from outcome.error


def _path_of(module: str) -> Path | None:
    """The file that is meant; None for a dotted name."""
    if _DOTTED.fullmatch(module) and not module.endswith(".py"):
        return None
    path = Path(module)
    with suppress(RuntimeError):  # the home of nobody known: there is no such file then
        path = path.expanduser()
    return path.absolute()


def _run_file(path: Path) -> ModuleType:
    name = f"{LOADED_AS}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("its name does not end in .py")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded  # where annotations of its own types are looked up
    spec.loader.exec_module(loaded)
    return loaded


def _is_missing(error: BaseException, module: str) -> bool:
    """Whether the module itself was not found, rather than one that it imports."""
    absent = error.name if isinstance(error, ModuleNotFoundError) else None
    return absent is not None and f"{module}.".startswith(f"{absent}.")


def _file_of(path: Path | None, module: str) -> str | None:
    if path is not None:
        return str(path)
    found = run_apart(partial(importlib.util.find_spec, module), LOADING_SECONDS)  # runs packages
    return None if isinstance(found, Raised) or found.value is None else found.value.origin


def _one_line(error: BaseException) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return " ".join(said.split())[:200].rstrip(".")


def _functions(module: str, loaded: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions that are to be tools, by their names, in the order of the module."""
    listed = getattr(loaded, "__all__", None)
    if listed is None:
        return {
            name: value
            for name, value in vars(loaded).items()
            if inspect.isfunction(value)
            and value.__module__ == loaded.__name__
            and not name.startswith("_")
        }
    functions: dict[str, Callable[..., Any]] = {}
    for name in listed:
        value = getattr(loaded, str(name), None)
        if not inspect.isfunction(value):
            raise SettingsError(
                f"{module} ({SETTING}) lists {name!r} in __all__, which is no function of it. "
                "List the names of its tools only."
            )
        functions[str(name)] = value
    return functions


def _tool(module: str, name: str, function: Callable[..., Any]) -> Tool:
    """The function as a tool.

    Raises:
        SettingsError: it cannot be one.
    """

    def refused(why: str) -> SettingsError:
        return SettingsError(f"The function {name} in {module} ({SETTING}) cannot be a tool: {why}")

    if not _NAME.fullmatch(name):
        raise refused("its name must be at most 64 plain letters, digits and underscores.")
    if name in OFFERED:
        raise refused("Tramontane has a tool of that name. Give it another.")
    if not (inspect.getdoc(function) or "").strip():
        raise refused("it has no docstring, which tells the model what it does. Write one.")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise refused("it is asynchronous. Write it with a plain def.")
    signature = run_apart(partial(inspect.signature, function, eval_str=True), LOADING_SECONDS)
    if isinstance(signature, Raised):
        raise refused("an annotation of it names what is not there. Mend the annotation.")
    for parameter in signature.value.parameters.values():
        if why := _what_is_wrong(parameter):
            raise refused(f"its parameter {parameter.name} {why}")
    returned = signature.value.return_annotation
    if returned in (signature.value.empty, None) or not _has_schema(returned, "serialization"):
        raise refused(
            "annotate what it returns, as str or as what JSON can say: numbers, lists, dicts."
        )
    tell = partial(_in_words, name, TypeAdapter(returned))
    return replace(tool_from(function), name=name, tell=tell)


def _what_is_wrong(parameter: inspect.Parameter) -> str:
    """Why no model could be told of a parameter; empty where it can."""
    if parameter.kind not in _KINDS:
        return "cannot be given by its name. Name each parameter, without * or /."
    if hasattr(BaseModel, parameter.name) or parameter.name.startswith("_"):
        return "has a name that is taken or begins with an underscore. Give it another."
    if parameter.annotation is parameter.empty:
        return "has no annotation. Annotate it, as str, int, list[str] and the like."
    if not _has_schema(parameter.annotation, "validation"):
        return "has an annotation that JSON cannot say. Use str, int, list[str] and the like."
    if parameter.default is not parameter.empty and not _can_be_written(parameter):
        return "has a default that JSON cannot say. Use None, and put the default into the code."
    return ""


def _has_schema(annotation: Any, mode: Any) -> bool:
    """Whether a JSON schema can be made; annotations may run code of anybody."""
    made = run_apart(lambda: TypeAdapter(annotation).json_schema(mode=mode), LOADING_SECONDS)
    return not isinstance(made, Raised)


def _can_be_written(parameter: inspect.Parameter) -> bool:
    with warnings.catch_warnings(action="error"):
        try:
            TypeAdapter(parameter.annotation).dump_json(parameter.default)
        except (PydanticSerializationError, UserWarning):
            return parameter.default is None
    return True


def _in_words(name: str, promised: TypeAdapter[Any], given: object) -> str:
    """What a function gave: a text as it is, anything else as JSON.

    Raises:
        ToolError: it is not what the function's annotation promises.
    """
    try:
        checked = promised.validate_python(given)
        return checked if isinstance(checked, str) else promised.dump_json(checked).decode("utf-8")
    except (ValidationError, PydanticSerializationError) as error:
        raise ToolError(
            f"{name} gave something else than it promises. Go on without it."
        ) from error
