"""Texts, tables, rich text, JSON and source code that are wrong."""

from __future__ import annotations

from tests.hostile.shelf import (
    DAMAGED,
    EMPTY,
    PARTIAL,
    READY,
    REFUSED,
    TEXT,
    UNSUPPORTED,
    Shelf,
)

SHELF = Shelf()


@SHELF.put("deep.rtf", READY, PARTIAL, *REFUSED)
def deep_groups() -> bytes:
    """A hundred thousand groups in one another."""
    return b"{\\rtf1\\ansi " + b"{\\b " * 100_000 + TEXT.encode() + b"}" * 50_000


@SHELF.put("lengths.rtf", READY, PARTIAL, EMPTY, *REFUSED)
def binary_lengths() -> bytes:
    """Binary runs that are longer than the file, or shorter than nothing."""
    runs = b"\\bin2147483647 \\bin-5 \\bin99999999999999999999 \\'zz\\u99999999999? \\uc-1"
    return b"{\\rtf1\\ansi\\ansicpg99999 " + TEXT.encode() + runs + b"\x00\xff" * 100 + b"}"


@SHELF.put("deep.json", READY, *REFUSED)
def nested_arrays() -> bytes:
    """A hundred thousand arrays in one another."""
    return b"[" * 100_000 + b"]" * 100_000


@SHELF.put("number.json", READY, *REFUSED)
def endless_number() -> bytes:
    """A number of a million digits."""
    return b'{"words": "Honest words.", "number": ' + b"9" * 1_000_000 + b', "small": 1e-999999999}'


@SHELF.put("keys.json", READY, *REFUSED)
def odd_keys() -> bytes:
    """The same key again and again, half characters, and words that are no JSON."""
    return b'{"a": "\\ud800", ' + b'"a": NaN, ' * 1000 + b'"": [Infinity, -0, "\\u0000"]}'


@SHELF.put("field.csv", READY, *REFUSED)
def endless_field() -> bytes:
    """One field of five megabytes, whose quotation never ends."""
    return b'name,words\n1,"' + b"long " * 1_000_000


@SHELF.put("nul.csv", READY, PARTIAL, *REFUSED)
def nul_in_cells() -> bytes:
    """Cells of NUL characters."""
    return b"name,words\n" + b"a\x00b,\x00\n" * 100


@SHELF.put("ragged.csv", READY, said=TEXT)
def ragged_rows() -> bytes:
    """Rows of every length up to a thousand cells, with three kinds of separators and line ends."""
    rows = (",".join(str(cell) for cell in range(count)) for count in range(1, 1000, 3))
    return f"name,words\r\n1,{TEXT}\n".encode() + "\r".join(rows).encode() + b"\na;b;c\n\td\te\n"


@SHELF.put("columns.csv", READY, PARTIAL, *REFUSED)
def a_hundred_thousand_columns() -> bytes:
    """Three rows of a hundred thousand columns."""
    return b"\n".join([b",".join(b"%d" % column for column in range(100_000))] * 3)


@SHELF.put("surrogates.txt", READY, said=TEXT)
def lone_surrogates() -> bytes:
    """UTF-16 with half characters and an odd number of bytes."""
    words = TEXT.encode("utf-16-le")
    return b"\xff\xfe" + words + b"\x00\xd8a\x00\x00\xdc" + words + b"a"


@SHELF.put("line.txt", READY)
def endless_line() -> bytes:
    """Two megabytes without a space or an end of line."""
    return b"word" * 500_000


@SHELF.put("controls.txt", UNSUPPORTED, READY)
def control_characters() -> bytes:
    """A text with all the control characters, escapes for terminals, and marks of direction."""
    return (TEXT + "".join(map(chr, range(1, 32))) * 9 + "\x1b]0;x\x07\u202e\u2066\u200b").encode()


@SHELF.put("replaced.txt", READY, EMPTY, UNSUPPORTED, DAMAGED)
def only_replacements() -> bytes:
    """A text of which nothing but replacement characters is left."""
    return "\ufffd".encode() * 10_000


@SHELF.put("mixture.txt", READY, UNSUPPORTED)
def mixed_encodings() -> bytes:
    """Lines in UTF-8, Latin-1, Shift-JIS and UTF-16, one after the other."""
    line = "Grüße, 東京 "
    encodings = ("utf-8", "latin-1", "shift-jis", "utf-16-le")
    return b"\n".join(line.encode(encoding, errors="replace") for encoding in encodings) * 50


@SHELF.put("mark.txt", EMPTY)
def only_a_mark() -> bytes:
    """A byte order mark, and nothing that it is for."""
    return b"\xff\xfe"


@SHELF.put("accents.txt", READY)
def endless_accents() -> bytes:
    """One letter with two hundred thousand accents, then flags without end."""
    return ("e" + "\u0301" * 200_000 + "\U0001f1eb" * 20_000).encode()


@SHELF.put("fences.md", READY)
def deep_markdown() -> bytes:
    """Quotations, lists, brackets and emphasis in one another, thousands deep."""
    deep = ">" * 5000 + " x\n\n" + "* " * 2000 + "x\n\n" + "[" * 5000 + "\n\n" + "*a_ " * 5000
    return f"# {TEXT}\n\n{deep}\n\n{'`' * 3001}\n{'|a' * 3000}\n{'|-' * 3000}\n".encode()


@SHELF.put("deep.py", READY)
def deep_brackets() -> bytes:
    """Source code with more brackets than a parser can hold."""
    return b"x = " + b"(" * 50_000 + b"1" + b")" * 50_000 + b"\n"


@SHELF.put("bundle.js", READY)
def one_line_of_code() -> bytes:
    """A program of a megabyte in one line."""
    return b"function a(){return 1};" * 45_000
