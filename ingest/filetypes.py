"""The kinds of files that can be read: how they are called, and by what endings of names."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath

from rag.domain import DocumentState
from rag.errors import DocumentError


class FileType(StrEnum):
    """The kinds of files that can be read."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"
    TSV = "tsv"
    HTML = "html"
    RTF = "rtf"
    EPUB = "epub"
    EML = "eml"
    MBOX = "mbox"
    MSG = "msg"
    JSON = "json"
    MARKDOWN = "markdown"
    CODE = "code"
    TEXT = "text"
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    ZIP = "zip"


WORDS = {
    FileType.PDF: "a PDF",
    FileType.DOCX: "a Word document",
    FileType.PPTX: "a PowerPoint presentation",
    FileType.XLSX: "an Excel workbook",
    FileType.XLS: "an old Excel workbook (.xls)",
    FileType.CSV: "a table (CSV)",
    FileType.TSV: "a table with tabs (TSV)",
    FileType.HTML: "a web page",
    FileType.RTF: "a rich text document (RTF)",
    FileType.EPUB: "an e-book (EPUB)",
    FileType.EML: "a mail",
    FileType.MBOX: "a mailbox (mbox)",
    FileType.MSG: "an Outlook mail",
    FileType.JSON: "a JSON file",
    FileType.MARKDOWN: "a Markdown file",
    FileType.CODE: "source code",
    FileType.TEXT: "plain text",
    FileType.PNG: "a picture (PNG)",
    FileType.JPEG: "a picture (JPEG)",
    FileType.TIFF: "a picture (TIFF)",
    FileType.ZIP: "an archive (ZIP)",
}
_ENDINGS = {
    FileType.PDF: "pdf",
    FileType.DOCX: "docx docm dotx dotm",
    FileType.PPTX: "pptx pptm ppsx ppsm potx potm",
    FileType.XLSX: "xlsx xlsm xltx xltm",
    FileType.XLS: "xls xlt",
    FileType.CSV: "csv",
    FileType.TSV: "tsv tab",
    FileType.HTML: "html htm xhtml xht",
    FileType.RTF: "rtf",
    FileType.EPUB: "epub",
    FileType.EML: "eml mht mhtml",
    FileType.MBOX: "mbox",
    FileType.MSG: "msg oft",
    FileType.JSON: "json jsonl ndjson geojson ipynb jsonld topojson har webmanifest",
    FileType.MARKDOWN: "md markdown mdown mkd",
    FileType.TEXT: "txt text log rst asc nfo srt vtt",
    FileType.PNG: "png apng",
    FileType.JPEG: "jpg jpeg jpe jfif",
    FileType.TIFF: "tif tiff",
    FileType.ZIP: "zip",
    FileType.CODE: (
        "py pyi pyx js mjs cjs jsx ts mts cts tsx java kt kts scala groovy gradle cs vb fs fsx "
        "c h cc cpp cxx hh hpp hxx ino m mm go rs swift dart php rb erb pl pm lua r jl sh bash "
        "zsh fish ps1 psm1 bat cmd sql css scss sass less vue svelte astro xml xsd xsl xslt svg "
        "yaml yml toml ini cfg conf properties env tf hcl proto graphql gql ex exs erl hrl hs "
        "elm clj cljs edn lisp el scm ml mli nim zig d pas f f90 f95 cob cbl asm s v vhd vhdl sv "
        "tex bib sty cls cmake mk dockerfile makefile jinja j2 tpl jsp asp aspx diff patch"
    ),
}
TYPE_BY_SUFFIX = {
    f".{ending}": kind for kind, endings in _ENDINGS.items() for ending in endings.split()
}
CODE_NAMES = frozenset({"dockerfile", "makefile", "gnumakefile", "rakefile", "gemfile", "justfile"})
# Of these, a file that holds plain text is no more than called one.
CONTAINERS = frozenset(
    {
        *(FileType.PDF, FileType.DOCX, FileType.PPTX, FileType.XLSX, FileType.EPUB, FileType.MSG),
        *(FileType.PNG, FileType.JPEG, FileType.TIFF, FileType.ZIP),
    }
)
READ_KINDS = (
    "Save it as a kind that is read: PDF, Office, HTML, EPUB, e-mail, text, PNG, JPEG or TIFF."
)
NO_TEXT = "It holds no text to read."
CALLED = "The file is called"
_TABLES = (FileType.CSV, FileType.TSV)
_PROSE = frozenset(
    {
        *(FileType.TEXT, FileType.MARKDOWN, FileType.CODE, FileType.JSON),
        *(FileType.CSV, FileType.TSV),
    }
)


def suffix_of(name: str) -> str:
    """The ending of a file's name in small letters, with its dot; empty where there is none."""
    return PurePath(name.replace("\\", "/")).suffix.lower()


def type_by_name(name: str) -> FileType | None:
    """The kind of file that a name promises, if it promises one."""
    if PurePath(name.replace("\\", "/")).name.lower() in CODE_NAMES:
        return FileType.CODE
    return TYPE_BY_SUFFIX.get(suffix_of(name))


def mismatch(kind: FileType, name: str) -> str:
    """A sentence on a file that is not what its name says; empty where there is nothing to say.

    Kinds of text are told apart by their names, so that they do not contradict them.
    """
    suffix = suffix_of(name)
    if not called_otherwise(kind, name):
        return ""
    if kind is FileType.JSON and type_by_name(name) in _TABLES:
        return f"{CALLED} {suffix}, but is {WORDS[kind]}; it was read as one."
    if kind in _PROSE and kind not in (FileType.CSV, FileType.TSV):
        return f"{CALLED} {suffix}, but is plain text; it was read as text."
    return f"{CALLED} {suffix}, but is {WORDS[kind]}; it was read as one."


def called_otherwise(kind: FileType, name: str) -> str:
    """The same of a file that may not have been read: "The file is called .docx, but is a PDF."."""
    promised, suffix = type_by_name(name), suffix_of(name)
    if promised is None and suffix not in (".doc", ".ppt"):
        return ""
    if promised is kind or ({promised, kind} <= _PROSE and not _is_other_table(promised, kind)):
        return ""
    return f"{CALLED} {suffix}, but is {WORDS[kind]}."


def _is_other_table(promised: FileType | None, kind: FileType) -> bool:
    """Whether a text turned out to be a table, or what was called a table to be JSON."""
    if promised in _TABLES:
        return kind is FileType.JSON
    return promised is FileType.TEXT and kind in _TABLES


def unsupported(kind: str, remedy: str = READ_KINDS) -> DocumentError:
    """The error for a file of a kind that cannot be read."""
    return DocumentError(
        DocumentState.UNSUPPORTED, f"This is {kind}, which cannot be read. {remedy}"
    )


def without_text(kind: str) -> DocumentError:
    """The error for a file of a kind in which there is nothing to read, whatever one does."""
    return DocumentError(DocumentState.UNSUPPORTED, f"This is {kind}. {NO_TEXT}")
