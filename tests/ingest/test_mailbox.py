"""Mailboxes: each mail is a document of its own, with its attachments."""

from __future__ import annotations

import mailbox as mailboxes
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import mailbox
from ingest.loaders.load import load
from rag.domain import DocumentState, Library
from rag.errors import DocumentError
from rag.intake import Fate, Stage
from rag.store.catalog import Catalog
from tests.documents import archive_of
from tests.ingest.scanning import Counting, settled, start

POSTMARK = "From ana@example.org Mon Jan  6 09:30:00 2025\n"


def mail(subject: str, text: str, **files: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "ana@example.org", "bo@example.org"
    message["Subject"], message["Message-ID"] = subject, f"<{abs(hash(text))}@x>"
    message.set_content(text)
    for name, content in files.items():
        message.add_attachment(content.encode(), "text", "plain", filename=f"{name}.txt")
    return message


def post() -> list[EmailMessage]:
    return [
        mail("Boats", "Forty-one boats.\n\nFrom here they\ngo out.", list="Iris\nOdette"),
        mail("Re: Boats", "Ninety-seven in summer."),
        mail("Re: Boats", "And the ferry."),
    ]


def written(path: Path, messages: list[EmailMessage]) -> Path:
    """A file as Python's own module for mailboxes writes it."""
    box = mailboxes.mbox(path)
    for message in messages:
        box.add(mailboxes.mboxMessage(message))
    box.close()
    return path


def named(loaded: LoadedDocument) -> list[str]:
    return [attachment.name for attachment in loaded.attachments]


@pytest.mark.parametrize("name", ["post.mbox", "post.txt", "post.eml", "Inbox"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_each_mail_is_a_file_of_its_own(tmp_path: Path, name: str, line_end: bytes) -> None:
    path = written(tmp_path / "stored", post())
    path.write_bytes(path.read_bytes().replace(b"\n", line_end))

    loaded = load(path, name, max_pages=50)

    assert named(loaded) == ["Boats.eml", "Re: Boats.eml", "Re: Boats (2).eml"]
    assert (loaded.pages, loaded.state) == ((), DocumentState.READY)
    assert loaded.reason.endswith("but is a mailbox (mbox); it was read as one.") is (
        name in ("post.txt", "post.eml")
    )
    (tmp_path / "mail").write_bytes(loaded.attachments[0].content)
    first = load(tmp_path / "mail", "Boats.eml", max_pages=50)
    text = "From: ana@example.org\nTo: bo@example.org\nSubject: Boats\n\nForty-one boats."
    assert "".join(page.text for page in first.pages).replace("\r\n", "\n") == (
        f"{text}\n\nFrom here they\ngo out."  # it stood there as ">From"
    )
    assert named(first) == ["list.txt"]


def test_what_the_mail_program_deleted_is_passed_over(tmp_path: Path) -> None:
    kept, gone = mail("Kept", "Here."), mail("Gone", "Not here.")
    kept["X-Mozilla-Status"], gone["X-Mozilla-Status"] = "0001", "0009"

    loaded = load(written(tmp_path / "post.mbox", [gone, kept]), "post.mbox", max_pages=50)

    assert named(loaded) == ["Kept.eml"]
    assert [(it.name, it.reason, it.passed) for it in loaded.left_out] == [
        ("Gone.eml", mailbox.DELETED, True)
    ]


def test_mails_beyond_what_is_taken_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MAX_MAILS", 2)
    loaded = load(written(tmp_path / "post.mbox", post()), "post.mbox", max_pages=50)
    assert named(loaded) == ["Boats.eml", "Re: Boats.eml"]
    assert (loaded.state, loaded.reason[:19]) == (DocumentState.PARTIAL, "1 mail was left out")


def test_a_mailbox_of_deleted_mails_alone_is_empty(tmp_path: Path) -> None:
    gone = mail("Gone", "Not here.")
    gone["X-Mozilla-Status"] = "0008"
    with pytest.raises(DocumentError, match="no mails") as raised:
        load(written(tmp_path / "post.mbox", [gone]), "post.mbox", max_pages=50)
    assert raised.value.state is DocumentState.EMPTY


def test_the_mails_of_a_mailbox_in_an_archive_are_taken_in(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    box = written(tmp_path / "post.mbox", post())
    path = tmp_path / "all.zip"
    path.write_bytes(archive_of({"post.mbox": box.read_bytes()}))
    queue = start(catalog, embedder, None, tmp_path)
    try:
        queue.submit(path, "all.zip")
        jobs = settled(queue)
    finally:
        queue.close()
    assert {job.stage for job in jobs} == {Stage.DONE}
    within = "all.zip/post.mbox"
    assert sorted(document.name for document in catalog.documents(library.id)) == [
        f"{within}/Boats.eml",
        f"{within}/Boats.eml/list.txt",
        f"{within}/Re: Boats (2).eml",
        f"{within}/Re: Boats.eml",
    ]
    (held,) = catalog.containers.named(library.id, within)
    assert [member.fate for member in catalog.containers.members(held)] == [Fate.READ] * 3


TRAINS = (
    "From Oslo 10:15 to Bergen 16:50\nTrain: 61\nPlatform: 4\nFare: 899 kroner\n\n"
    "From Bergen 07:57 to Oslo 14:32\nTrain: 62\nPlatform: 1\nFare: 749 kroner"
)


@pytest.mark.parametrize(
    "text",
    [
        TRAINS,
        TRAINS.replace("Train", "From").replace("Platform", "To"),  # no day on their first lines
        "\n\n".join(["From ana@x.org Mon Jan  6 09:30:00 2025\nBoats: 41\nFerries: 2"] * 2),
        f"From ana@x.org Mon Jan  6 09:30:00 2025\nBoats: 41\n\n{POSTMARK}To: bo\nDate: 6 Jan",
    ],
)
def test_a_text_that_only_looks_like_mails_is_read_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "stored"
    path.write_text(text)
    loaded = load(path, "trains.txt", max_pages=50)
    assert "\n\n".join(page.text for page in loaded.pages) == text
    assert loaded.attachments == ()


@pytest.mark.parametrize("name", ["post.mbox", "post.txt"])
def test_what_only_looks_like_a_mail_stays_in_the_mail(tmp_path: Path, name: str) -> None:
    first, *others = (message.as_string() for message in post())
    path = tmp_path / "stored"
    path.write_text(f"{POSTMARK}{first}\n\n{TRAINS}\n\n{POSTMARK}{others[0]}\n")
    loaded = load(path, name, max_pages=50)
    assert named(loaded) == ["Boats.eml", "Re: Boats.eml"]
    assert TRAINS.encode() in loaded.attachments[0].content


@pytest.mark.parametrize(
    ("wrong", "names"), [(0, ["Outer.eml", "Next.eml"]), (5, ["Outer.eml", "In.eml", "Next.eml"])]
)
def test_a_mail_is_as_long_as_it_says_if_that_is_right(
    tmp_path: Path, wrong: int, names: list[str]
) -> None:
    inner = f"See:\n\n{POSTMARK}From: a@x.org\nSubject: In\n\n>From here\nFrom there\n"
    last = f"{POSTMARK}From: b@x.org\nSubject: Next\n\nEnd.\n"
    path = tmp_path / "stored"
    head = f"From: a@x.org\nSubject: Outer\nContent-Length: {len(inner) + wrong}"
    path.write_text(f"{POSTMARK}{head}\n\n{inner}\n{last}")
    loaded = load(path, "post.mbox", max_pages=50)
    assert named(loaded) == names
    whole = b"".join(attachment.content for attachment in loaded.attachments)
    assert b">From here\nFrom there" in whole  # nothing was quoted in it
