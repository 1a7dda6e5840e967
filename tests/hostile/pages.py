"""Web pages and mails that are wrong."""

from __future__ import annotations

from tests.hostile.pdf_structure import honest
from tests.hostile.shelf import (
    EMPTY,
    PARTIAL,
    READY,
    REFUSED,
    TEXT,
    UNSUPPORTED,
    Shelf,
    Trap,
    lines_of,
)

SHELF = Shelf()
_HEAD = (
    "From: a@example.org\nTo: b@example.org\nSubject: Hello\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n"
)

_PARTS = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"


@SHELF.put("deep.html", READY, PARTIAL, *REFUSED)
def nested_divisions() -> bytes:
    """A hundred thousand divisions in one another."""
    return f"<!doctype html><html><body>{'<div>' * 100_000}{TEXT}".encode()


@SHELF.put("deep-table.html", READY, PARTIAL, *REFUSED)
def nested_tables() -> bytes:
    """Tables and lists in one another, ten thousand deep."""
    return f"<!doctype html><body>{'<table><tr><td><ul><li>' * 10_000}{TEXT}".encode()


@SHELF.put("unclosed.html", READY, said=TEXT)
def unclosed() -> bytes:
    """Nothing that is opened is closed, and much is closed that was never opened."""
    tags = ("p", "b", "table", "tr", "td", "select", "svg", "math", "template", "a href='x")
    opened = "".join(f"<{tag}>" for tag in tags)
    page = f"<!doctype html><html></html></body><p>{TEXT}<{opened}</td></{opened}"
    return f"{page}<!-- <![CDATA[".encode()


@SHELF.put("charset.html", READY, said="Grüße")
def charset_lies() -> bytes:
    """It says that it is UTF-7, then UTF-16, and is UTF-8."""
    head = '<meta charset="utf-7"><meta charset="utf-16"><meta charset="no-such-set">'
    return f"<!doctype html><html><head>{head}</head><body><p>Grüße aus Köln".encode()


@SHELF.put("attribute.html", READY, *REFUSED)
def endless_attribute() -> bytes:
    """One attribute of ten megabytes."""
    value = "x" * 10_000_000
    return f'<!doctype html><html><body><p title="{value}">{TEXT}</p></body></html>'.encode()


@SHELF.put("script.html", EMPTY, UNSUPPORTED)
def only_scripts() -> bytes:
    """A page of scripts and styles, without a word."""
    return (
        b"<!doctype html><html><head><script>document.write('x')</script><style>p{}</style></head>"
    )


@SHELF.put("instructions.txt", READY, EMPTY, UNSUPPORTED)
def endless_instructions() -> bytes:
    """Instructions and comments before the page, which never begins: nothing to search twice."""
    return (b"<?xml-stylesheet ?>" * 200 + b"<!-- -->" * 200 + b"\n" * 2000 + b"<!-") * 2


@SHELF.put_trapped("links.html", READY, said=TEXT)
def everything_is_elsewhere(trap: Trap) -> bytes:
    """Pictures, frames, styles and includes that lie on a server and on this machine."""
    tags = "".join(
        f'<img src="{url}"><iframe src="{url}"></iframe><link rel="stylesheet" href="{url}">'
        f'<object data="{url}"></object><base href="{url}">'
        f'<meta http-equiv="refresh" content="0;{url}">'
        for url in (trap.url, trap.secret.as_uri())
    )
    head = f'<!DOCTYPE html SYSTEM "{trap.url}" [<!ENTITY reach SYSTEM "{trap.secret.as_uri()}">]>'
    return f"{head}<html><body><p>{TEXT} &reach;</p>{tags}</body></html>".encode()


@SHELF.put("nested.eml", READY, PARTIAL, *REFUSED)
def mails_in_mails() -> bytes:
    """A mail in a mail in a mail, two hundred deep."""
    mail = f"{_HEAD}\n{TEXT}\n"
    for _ in range(200):
        mail = f"{_HEAD}MIME-Version: 1.0\nContent-Type: message/rfc822\n\n{mail}"
    return mail.encode()


@SHELF.put("parts.eml", READY, PARTIAL, *REFUSED)
def parts_in_parts() -> bytes:
    """A mail whose parts have parts, a thousand deep, all with the same border."""
    body = "--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 1000
    return f"{_HEAD}{_PARTS}{body}{TEXT}".encode()


@SHELF.put("head.eml", READY, PARTIAL, *REFUSED)
def endless_head() -> bytes:
    """A mail with a hundred thousand lines of head, and one of a megabyte."""
    head = "".join(f"X-Line-{number}: x\n" for number in range(100_000))
    return f"{_HEAD}{head}X-Long: {'=?utf-8?q?=41?= ' * 60_000}\n\n{TEXT}\n".encode()


@SHELF.put_trapped("names.eml", READY, PARTIAL, said=TEXT)
def attachments_with_paths(trap: Trap) -> bytes:
    """Attachments whose names are paths, hold control characters, or turn the writing."""
    names = (
        "../" * 20 + str(trap.lure), str(trap.lure), f"C:\\{trap.lure.name}", "", ".", "..",
        "a\x00b.pdf", "=?utf-8?b?4oCuZnBkLmV4ZQ==?=", "x" * 5000 + ".pdf",
    )  # fmt: skip
    parts = "".join(
        f'--x\nContent-Type: application/pdf; name="{name}"\n'
        f'Content-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{lines_of(honest())}\n"
        for name in names
    )
    body = f"--x\nContent-Type: text/plain\n\n{TEXT}\n{parts}--x--\n"
    return f"{_HEAD}{_PARTS}{body}".encode()


@SHELF.put("garbage.eml", READY, PARTIAL, EMPTY, *REFUSED)
def garbage_for_base64() -> bytes:
    """A body that says it is base64 in a character set that there is not."""
    head = "Content-Type: text/plain; charset=no-such-set\nContent-Transfer-Encoding: base64\n"
    return f"{_HEAD}MIME-Version: 1.0\n{head}\n".encode() + b"%%%\xff\xfe!!! not base64 ===\n" * 100


@SHELF.put("no-body.eml", READY, EMPTY)
def head_without_body() -> bytes:
    """A mail without a body."""
    return _HEAD.encode()
