"""Where in a mailbox (mbox, RFC 4155) each mail stands.

A mail begins after an empty line, with a line "From somebody at such a time" and a header below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

from ingest.filetypes import FileType, type_by_name

_BEFORE = rb"(?:\A\s{0,20}|(?:\r?\n){2})From "
_BEHIND = rb"[^\r\n]{0,300}\r?\n(?=[!-9;-~]{1,76}:|>?From )"
_START = re.compile(_BEFORE + rb"[^\r\n]{0,300}?\d:\d\d" + _BEHIND)
_START_BY_NAME = re.compile(_BEFORE + _BEHIND)  # some programs write no time
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def is_mailbox(path: Path, head: bytes, name: str) -> bool:
    """Whether a file, which has this `head`, holds mails one after the other.

    By its name one mail is enough; else there must be two.
    """
    start = _start(name)
    if not start.match(head):
        return False
    least = 2 if start is _START else 1
    return len(list(islice(start.finditer(path.read_bytes()), least))) == least


def mails_in(content: bytes, name: str) -> Iterator[bytes]:
    """Each mail of a mailbox, with what was written as ">From " in it as it was before."""
    starts = [(found.start(), found.end()) for found in _start(name).finditer(content)]
    for (_, start), (end, _) in pairwise([*starts, (len(content), 0)]):
        mail = content[start:end]
        yield _QUOTED_FROM.sub(rb"\1", mail) if b">From " in mail else mail


def _start(name: str) -> re.Pattern[bytes]:
    """What a mail begins with, in a file of this name."""
    return _START_BY_NAME if type_by_name(name) is FileType.MBOX else _START
