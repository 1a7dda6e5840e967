"""The policy of a library: of one that stays here, nothing is sent to another machine.

Whatever speaks to a model's server (answers, embeddings, OCR, reranking, moderation, the counting
of tokens) does so by an HTTP client that asks a `Gate` before each request, whoever built it and
for what. So the policy holds from the moment it is set, also for what is under way.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Callable
from urllib.parse import urlsplit

from rag.domain import Library
from rag.errors import NotFoundError, PolicyError

# Called with the address of a request and the setting that led to it, before anything is sent.
Gate = Callable[[str, str], None]

HERE = "http://127.0.0.1"
REFUSED = "The library {!r} never leaves this machine, so nothing was sent to {}. {}"
MENDS = {
    "TRAMONTANE_CHAT": "Choose a model on this machine, such as the embedded reader "
    "(TRAMONTANE_CHAT=reader), or {allow}",
    "TRAMONTANE_EMBEDDING": "Embed it here, with `tramontane rebuild --embedding all-MiniLM-L6-v2 "
    "--library {name}`, or {allow}",
    "TRAMONTANE_RERANK": "Set TRAMONTANE_RERANK to off or to a server on this machine, or {allow}",
    "TRAMONTANE_OCR": "Set TRAMONTANE_OCR=tesseract, or {allow}",
    "TRAMONTANE_MODERATION": "Set TRAMONTANE_MODERATION=off, or {allow}",
}
ALLOW = "allow it: `tramontane library policy {name} anywhere`."


def open_gate(address: str, setting: str) -> None:
    """Lets every request pass."""


def is_here(address: str) -> bool:
    """Whether what is sent to an address stays on this machine: it is one of loopback."""
    host = (urlsplit(address).hostname or "").removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761: always loopback
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refusal(library: Library, address: str, setting: str) -> PolicyError:
    """The error for what may not be sent to an address, and what to do."""
    name = shlex.quote(library.name)
    mend = next((said for start, said in MENDS.items() if setting.startswith(start)), "{allow}")
    told = mend.format(name=name, allow=ALLOW.format(name=name))
    where = urlsplit(address).netloc.rpartition("@")[2]
    return PolicyError(REFUSED.format(library.name, where, told[0].upper() + told[1:]))


class PolicyGate:
    """Lets pass what the policy of a library allows at this moment. Safe from many threads."""

    def __init__(self, library: Callable[[], Library]) -> None:
        """Take what gives the library as it is now."""
        self._library = library
        self._was_there = False

    def __call__(self, address: str, setting: str) -> None:
        """Look at the policy, unless the address is on this machine.

        Raises:
            NotFoundError: the library was deleted.
            PolicyError: it stays here.
        """
        if is_here(address):
            return
        try:
            library = self._library()
        except NotFoundError:
            if self._was_there:
                raise
            return  # it is about to be made, and holds nothing yet
        self._was_there = True
        if library.stays_here:
            raise refusal(library, address, setting)
