"""Where in a mailbox (mbox, RFC 4155) each mail stands.

A mail begins after an empty line, with a line "From somebody at such a time" and, below it, headers
that mails have. What only looks like that is text: of a mail, or of a file that is no mailbox.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from ingest.filetypes import FileType, type_by_name

MAX_HEADER_BYTES = 100_000  # of a mail, to find its headers in

_BEFORE = rb"(?:\A(?:\xef\xbb\xbf)?\s{0,20}|(?:\r?\n){2})From "
_BEHIND = rb"[^\r\n]{0,300}\r?\n(?=[!-9;-~]{1,76}:|>?From )"
_DATE = (
    rb"\s+(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s+"
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+"
    rb"\d{1,2}\s+\d{1,2}:\d\d(?::\d\d)?(?:\s+[A-Z+-][A-Z0-9]{2,5}){0,2}\s+\d{4}"
)
_HEADER_NAMES = (
    rb"From|Sender|Reply-To|To|Cc|Bcc|Date|Subject|Message-ID|In-Reply-To|References|Received|"
    rb"Return-Path|Delivered-To|MIME-Version|Content-Type|Content-Transfer-Encoding|"
    rb"X-Mozilla-Status|X-Gmail-Labels"
)
_HEADER = re.compile(rb"^(" + _HEADER_NAMES + rb")[ \t]*:", re.MULTILINE | re.IGNORECASE)
_LENGTH = re.compile(rb"^Content-Length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.M | re.I)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_BEHIND_MAIL = re.compile(rb"\s{0,8}(?:\Z|(?<=\n)From )")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_UNQUOTED_FROM = re.compile(rb"^From ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Form:
    """What a mail begins with: a line, and at least so many headers known of mails below it."""

    line: re.Pattern[bytes]
    headers: int


_ANY = _Form(re.compile(_BEFORE + rb"(?:\S+|\S+ at \S+)" + _DATE + _BEHIND), headers=2)
_BY_NAME = _Form(re.compile(_BEFORE + _BEHIND), headers=1)  # some programs write no time


def is_mailbox(path: Path, head: bytes, name: str) -> bool:
    """Whether a file, which has this `head`, holds mails one after the other.

    By its name one mail is enough; else there must be two, whose first lines tell from whom they
    came and when, and which have two of the headers of a mail each.
    """
    form = _form(name)
    if not form.line.match(head):
        return False
    least = 2 if form is _ANY else 1
    found = list(islice(_starts(path.read_bytes(), form), least))
    return len(found) == least and found[0][0] == 0  # else there is text before them


def mails_in(content: bytes, name: str) -> Iterator[bytes]:
    """Each mail of a mailbox, with what was written as ">From " in it as it was before.

    A mail is as long as its header Content-Length says, if another mail or the end is behind that.
    """
    starts = list(_starts(content, _form(name)))
    for (_, start), (end, _) in pairwise([*starts, (len(content), 0)]):
        mail = content[start:end]
        is_quoted = b">From " in mail and not _UNQUOTED_FROM.search(mail)
        yield _QUOTED_FROM.sub(rb"\1", mail) if is_quoted else mail


def _starts(content: bytes, form: _Form) -> Iterator[tuple[int, int]]:
    """Where the line before each mail starts, and where it ends."""
    place = 0
    while found := form.line.search(content, place):
        place = found.end()
        behind = _END_OF_HEADERS.search(content, place, place + MAX_HEADER_BYTES)
        end = behind.end() if behind else min(len(content), place + MAX_HEADER_BYTES)
        headers = content[place:end]
        if len({name.lower() for name in _HEADER.findall(headers)}) >= form.headers:
            yield found.start(), place
            place = max(place, _told_end(content, end, headers) - 4)  # an empty line before it


def _told_end(content: bytes, body: int, headers: bytes) -> int:
    """Where a mail ends that tells how long its body is; 0 where it does not, or wrongly."""
    length = _LENGTH.search(headers)
    end = body + int(length[1]) if length else 0
    return end if body <= end <= len(content) and _BEHIND_MAIL.match(content, end) else 0


def _form(name: str) -> _Form:
    """What a mail begins with, in a file of this name."""
    return _BY_NAME if type_by_name(name) is FileType.MBOX else _ANY
