"""How the command line asks for things: help in plain words, and the options commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from ui import hints

# What Python calls the type of an argument, and the range of a number, which its help names.
_TYPES = re.compile(r" <(?:str|list\[\w+\])>|  \[[\d.]+<=x<=[\d.]+\]")

# In place of what the library that reads arguments says of them.
_MUST_BE = {
    "-k": "a whole number from 1 to 200",
    "--bar": "a number from 0 to 1",
    "--port": "a whole number from 0 to 65535",
    "--format": "csv or jsonl",
    "--policy": "anywhere or this-machine",
    "where": "anywhere or this-machine",
    "--language": "one of english, french, german, spanish, italian, portuguese, dutch",
    "tongue": "one of english, french, german, spanish, italian, portuguese, dutch",
}
_CALLED = {"tongue": "The language", "where": "The policy"}  # arguments, which have no name

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="FOLDER", help="Where documents and their index are kept."),
]
LibraryName = Annotated[
    str | None, typer.Option("--library", metavar="NAME", help="The library that is used.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Count = Annotated[
    int | None,
    typer.Option("-k", metavar="NUMBER", min=1, max=200, help="How many passages, 1 to 200."),
]
AsIs = Annotated[
    bool, typer.Option("--as-is", help="Search the question as it stands, in one piece.")
]
Bar = Annotated[
    float | None,
    typer.Option(
        "--bar",
        metavar="NUMBER",
        min=0.0,
        max=1.0,
        help="The evidence below which it is refused, from 0 (never) to 1; usually 0.05.",
    ),
]
ChatName = Annotated[
    str | None,
    typer.Option(
        "--chat",
        metavar="WHO",
        help="Who answers: reader (quotes, without a model), auto, a model of La Plateforme such "
        "as mistral-small-latest, the URL of a server such as http://127.0.0.1:8000/v1, or vllm: "
        "and a model that is loaded in this process.",
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--document", metavar="NAME", help="Only this document, by name or id; may be repeated."
    ),
]
Paths = Annotated[list[Path], typer.Argument(metavar="PATH", help="Files and folders.")]
Documents = Annotated[
    list[str], typer.Argument(metavar="DOCUMENT", help="Names or ids of documents.")
]
Question = Annotated[
    str, typer.Argument(metavar="QUESTION", help="The question, or - to read it from stdin.")
]


def misuse(error: TyperException) -> str:
    """What is wrong with a command, in plain words."""
    parameter = error.param if isinstance(error, typer.BadParameter) else None
    for name in parameter.opts if parameter is not None else ():
        if name in _MUST_BE:
            return f"{_CALLED.get(name, name)} must be {_MUST_BE[name]}."
    sentence = error.format_message()
    return f"{sentence}{'' if sentence.endswith('.') else '.'} Try: tramontane --help"


class Command(TyperCommand):
    """A command whose help names no types of Python, and whose hints stay where it is."""

    def invoke(self, ctx: Any) -> Any:
        """Run it; the commands that it names take its data directory and library along."""
        hints.remember(ctx.params.get("data_dir"), ctx.params.get("library"))
        return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What follows the command's name, without braces."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece.replace("{", "").replace("}", "") for piece in pieces]

    def get_help(self, ctx: Any) -> str:
        """The help, its columns where they were."""
        lines = super().get_help(ctx).splitlines()
        return "\n".join(
            _TYPES.sub(lambda found: " " * len(found.group()), line).rstrip() for line in lines
        )
