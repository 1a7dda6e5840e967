"""Reads source code: kept exactly, with its functions, classes and sections as headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ingest import titles
from ingest.filetypes import suffix_of
from ingest.loaded import Heading, LoadedDocument
from ingest.loaders import text as plain_text
from ingest.loaders.markdown import placed

MEDIA_TYPE = "text/x-source"
MAX_LINE = 300  # characters; longer lines are written by programs
MAX_HEADINGS = 5_000
DEEPEST = 6
TAB_COLUMNS = 4

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_NAME = r"[^\W\d][\w$.:]*"
_PYTHON = re.compile(rf"(?:async\s+)?(?:def|class)\s+{_NAME}")
_DECLARED = re.compile(
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|sealed|partial|"
    r"async|pub(?:\([\w:]+\))?|unsafe|open|override|inline|data|extern|virtual|const|readonly|"
    r"suspend|case|companion|declare|template\s*<[^<>]{0,80}>)\s+){0,6}"
    r"(?:class|interface|enum(?:\s+class)?|struct|trait|impl(?:<[^<>]{0,80}>)?|object|record|"
    rf"namespace|module|protocol|extension|union|fn|func|fun|function\*?|message|service)\s+{_NAME}"
    rf"|func\s*\([^()]{{0,80}}\)\s*{_NAME}"
    rf"|(?:export\s+)?(?:const|let|var)\s+{_NAME}\s*=\s*(?:async\s*)?(?=function\b|\([^()]{{0,200}}\)\s*=>)"
    rf"|type\s+{_NAME}(?=\s+(?:struct|interface)\b)"
)
_SIGNATURE = re.compile(  # of C and its kin: a type, a name, a list of arguments, no semicolon
    r"(?!(?:return|else|if|for|while|switch|do|case|goto|new|delete|throw|typedef|using)\b)"
    r"[A-Za-z_][\w:<>,*&\[\] \t]{0,120}?[\s*&](~?[A-Za-z_][\w:~]*)\s*\([^;{}=]{0,200}\)"
    r"[^;=()]{0,60}$"
)
_SCRIPT = re.compile(
    rf"(?:def|class|module|sub|package|function|local\s+function)\s+{_NAME}[?!]?"
    r"|[\w-]+\s*\(\)\s*(?=\{|$)"
)
_SQL = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|unique\s+|materialized\s+)?"
    r"(?:table|view|function|procedure|trigger|index|type|schema)\s+(?:if\s+not\s+exists\s+)?"
    r"[\w.\"`\[\]]+",
    re.IGNORECASE,
)
_TEX = re.compile(r"\\(part|chapter|section|subsection|subsubsection|paragraph)\*?\{([^{}]{1,200})")
_TEX_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
_INI = re.compile(r"\[{1,2}[^\[\]]{1,100}\]{1,2}(?=\s*(?:[#;].*)?$)")
_RULES = {
    **dict.fromkeys((".py", ".pyi", ".pyx"), (_PYTHON,)),
    **dict.fromkeys(
        (
            *(
                ".js",
                ".mjs",
                ".cjs",
                ".jsx",
                ".ts",
                ".mts",
                ".cts",
                ".tsx",
                ".kt",
                ".kts",
                ".scala",
            ),
            *(".go", ".rs", ".swift", ".dart", ".php", ".vue", ".svelte", ".proto", ".graphql"),
        ),
        (_DECLARED,),
    ),
    **dict.fromkeys(
        (
            *(".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".ino", ".m", ".mm"),
            *(".java", ".cs", ".groovy", ".d"),
        ),
        (_DECLARED, _SIGNATURE),
    ),
    **dict.fromkeys((".rb", ".lua", ".pl", ".pm", ".sh", ".bash", ".zsh", ".ps1"), (_SCRIPT,)),
    **dict.fromkeys((".sql",), (_SQL,)),
    **dict.fromkeys((".ini", ".toml", ".cfg", ".conf"), (_INI,)),
    **dict.fromkeys((".tex", ".sty", ".cls"), (_TEX,)),
}


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a file of source code.

    Raises:
        DocumentError: the file holds no text, something else than text, or too much of it.
    """
    text = plain_text.decode(path.read_bytes())
    plain = plain_text.loaded_from(text, name, max_pages=max_pages)
    found = list(headings(text, suffix_of(name)))
    return replace(
        plain,
        title=titles.tidy(name.replace("\\", "/").rpartition("/")[2]) or plain.title,
        media_type=MEDIA_TYPE,
        outline=tuple(placed(heading, plain.pages) for heading in found),
    )


def headings(text: str, suffix: str) -> Iterator[Heading]:
    """What is declared in a file of a language, by simple rules; `start` counts in the whole text.

    The level is by how far a line is indented below the one that holds it.
    """
    rules = _RULES.get(suffix, ())
    open_indents: list[int] = []
    found = 0
    for line in _LINE.finditer(text) if rules else ():
        written = line[0].expandtabs(TAB_COLUMNS).rstrip()
        code = written.lstrip()
        if not code or len(written) > MAX_LINE:
            continue
        title = _declared(code, rules)
        if not title:
            continue
        indent = len(written) - len(code)
        while open_indents and open_indents[-1] >= indent:
            open_indents.pop()
        open_indents.append(indent)
        start = line.start() + len(line[0]) - len(line[0].lstrip())
        level = _TEX_LEVELS.index(title[0]) + 1 if title[0] in _TEX_LEVELS else len(open_indents)
        yield Heading(min(level, DEEPEST), title[1], 1, start)
        found += 1
        if found == MAX_HEADINGS:
            return


def _declared(code: str, rules: tuple[re.Pattern[str], ...]) -> tuple[str, str] | None:
    """What a line declares: the kind of heading, where the language has kinds, and its title."""
    for rule in rules:
        match = rule.match(code)
        if match is None:
            continue
        if rule is _TEX:
            return match[1], titles.tidy(match[2])
        title = match[1] if rule is _SIGNATURE else match[0]
        tidied = titles.tidy(title.partition("=")[0]).rstrip("({:").strip("[]").strip()
        return ("", tidied) if tidied else None
    return None
