from __future__ import annotations

from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest import mailbody
from ingest.loaded import LeftOut, LoadedDocument
from ingest.loaders import mail
from ingest.mailbody import SIGNED
from rag.domain import DocumentState
from rag.errors import DocumentError

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
PAGE = "<html><body><h1>Boats</h1><p>Forty-one <b>boats</b> in winter.</p></body></html>"


def read(folder: Path, content: bytes | EmailMessage) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content if isinstance(content, bytes) else content.as_bytes())
    return mail.load(path, "letter.eml", max_pages=50)


def letter(text: str = "Forty-one boats.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ana Roux <ana@example.org>"
    message["To"] = "Bo <bo@example.org>, Cy <cy@example.org>"
    message["Date"] = "Tue, 01 Jul 2025 10:30:00 +0200"
    message["Subject"] = "The harbour of Sète"
    message.set_content(text)
    return message


def text_of(loaded: LoadedDocument) -> str:
    return "".join(page.text for page in loaded.pages)


HEADERS = """From: Ana Roux <ana@example.org>
To: Bo <bo@example.org>, Cy <cy@example.org>
Date: Tue, 01 Jul 2025 10:30:00 +0200
Subject: The harbour of Sète
"""


def test_a_mail_is_its_headers_and_its_text(tmp_path: Path) -> None:
    loaded = read(tmp_path, letter("Dear Bo,\n\nForty-one boats – in winter.\n"))

    assert text_of(loaded) == f"{HEADERS}\nDear Bo,\n\nForty-one boats – in winter."
    assert (loaded.title, loaded.media_type, loaded.paginated) == (
        "The harbour of Sète",
        "message/rfc822",
        False,
    )


def test_of_two_forms_the_plain_one_is_read(tmp_path: Path) -> None:
    message = letter()
    message.add_alternative(PAGE, subtype="html")

    assert text_of(read(tmp_path, message)) == f"{HEADERS}\nForty-one boats."


def test_a_plain_form_that_only_points_to_the_page_is_passed_over(tmp_path: Path) -> None:
    message = letter("See the page.\n")
    message.add_alternative(PAGE.replace("winter", "winter " * 20), subtype="html")
    loaded = read(tmp_path, message)

    assert "Boats\n\nForty-one boats in winter winter" in text_of(loaded)
    assert "See the page" not in text_of(loaded)
    (heading,) = loaded.outline
    assert loaded.pages[0].text[heading.start or 0 :].startswith("Boats\n")


def test_files_become_attachments(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment("Größe\n", filename="../../e\u202etc/no\ttes.txt")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf")
    loaded = read(tmp_path, message)

    assert [(it.name, it.content) for it in loaded.attachments] == [
        ("a.pdf", b"%PDF-1.7"),
        ("etc/no tes.txt", "Größe\n".encode()),
        ("attachment 3.pdf", b"%PDF-1.4"),
    ]
    assert text_of(loaded) == f"{HEADERS}\nForty-one boats."


def test_attachments_beyond_the_most_are_counted_and_the_body_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbody, "MAX_ATTACHMENTS", 2)
    message = letter()
    for number in range(5):
        message.add_attachment(f"{number}\n", filename=f"{number}.txt")
    message.add_attachment("The last words.\n", disposition="inline")
    loaded = read(tmp_path, message)

    assert [attached.name for attached in loaded.attachments] == ["0.txt", "1.txt"]
    assert text_of(loaded).endswith("Forty-one boats.\n\nThe last words.")
    assert (loaded.state, loaded.reason) == (
        DocumentState.PARTIAL,
        "3 attachments were left out: of one mail, 2 are taken.",
    )


@pytest.mark.parametrize("kind", ["delivery-status", "disposition-notification"])
def test_a_report_on_a_mail_is_text_of_it(tmp_path: Path, kind: str) -> None:
    content = (
        "Subject: Undelivered\nContent-Type: multipart/report; boundary=x\n\n"
        "--x\n\nWe are sorry.\n"
        f"--x\nContent-Type: message/{kind}\n\n"
        "Final-Recipient: rfc822; cy@example.org\nDiagnostic-Code: smtp;\n 550 mailbox full\n\n"
        "--x--\n"
    )

    assert text_of(read(tmp_path, content.encode())) == (
        "Subject: Undelivered\n\nWe are sorry.\n\n"
        "Final-Recipient: rfc822; cy@example.org\nDiagnostic-Code: smtp; 550 mailbox full"
    )


def test_pictures_that_the_page_shows_are_no_attachments(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Boats"
    message.set_content(PAGE, subtype="html")
    message.add_related(b"x", maintype="image", subtype="png", cid="<logo>")

    assert read(tmp_path, message).attachments == ()


def test_a_mail_in_a_mail_is_an_attachment_that_can_be_read(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(letter("The inner words.\n"))
    (attached,) = read(tmp_path, message).attachments

    assert attached.name == "The harbour of Sète.eml"
    assert text_of(read(tmp_path, attached.content)) == f"{HEADERS}\nThe inner words."


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("pkcs7-signature", "smime.p7s"),
        ("x-pkcs7-signature", ""),
        ("pgp-signature", "signature.asc"),
        ("octet-stream", "Smime.P7S"),
    ],
)
def test_the_signature_of_a_mail_is_told_and_nothing_to_act_upon(
    tmp_path: Path, kind: str, name: str
) -> None:
    message = letter()
    message.add_attachment(b"\x30\x80", "application", kind, filename=name or None)
    loaded = read(tmp_path, message)

    assert (loaded.attachments, loaded.state) == ((), DocumentState.READY)
    assert loaded.left_out == (LeftOut(name or "signature", SIGNED, passed=True),)


@pytest.mark.parametrize("encoding", ["iso-8859-1", "koi8-r", "gb2312", "utf-8"])
def test_the_encoding_of_a_part_is_declared(tmp_path: Path, encoding: str) -> None:
    words = {"iso-8859-1": "été à Sète", "koi8-r": "сорок одна", "gb2312": "四十一"}.get(
        encoding, "ёçß漢"
    )
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = words
    message.set_content(words, charset=encoding, cte="base64")

    assert text_of(read(tmp_path, message)) == f"Subject: {words}\n\n{words}"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("Subject: сорок одна лодка стоит\n\nx".encode("cp1251"), "сорок одна лодка стоит"),
        ("Subject: été\n\nx".encode(), "Subject: été\n"),
        (b"Subject: =?nonsense?q?caf=E9?=\n\nx", "Subject: café\n"),
        (b"Subject: =?utf-8?b?////\n\nx", "Subject: =?utf-8?b?////"),
        (b"Subject: a\n b\x1b[2J\x07\n\nx", "Subject: a b [2J\n"),
        (b"From: a\nFrom: b\nSubject: c\n\nx", "From: a, b\nSubject: c\n"),
        (b"Subject: a\nContent-Type: text/plain; charset=rot13\n\nuryyb", "uryyb"),
        (b"Subject: a\nContent-Transfer-Encoding: base64\n\n*not base64*", "*not base64*"),
        (b"Subject: a\nContent-Type: multipart/mixed\n\nno boundary", "no boundary"),
        (b"Subject: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhalf", "half"),
    ],
)
def test_what_programs_get_wrong_is_read(tmp_path: Path, content: bytes, shown: str) -> None:
    assert shown in text_of(read(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"Content-Type: multipart/encrypted; boundary=x\n\n--x--", DocumentState.NEEDS_PASSWORD),
        (b"Content-Type: application/pkcs7-mime\n\nTUlJ", DocumentState.NEEDS_PASSWORD),
        (b"X-Nothing: at all\n\n", DocumentState.EMPTY),
        (b"Content-Type: message/rfc822\n\n" * 3_000, DocumentState.DAMAGED),
        (
            b"".join(
                b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (it, it)
                for it in range(1_500)
            ),
            DocumentState.DAMAGED,
        ),
    ],
    ids=["PGP", "S/MIME", "nothing", "mails in mails", "parts in parts"],
)
def test_a_mail_that_gives_nothing_is_refused(
    tmp_path: Path, content: bytes, state: DocumentState
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, content)

    assert caught.value.state is state


def test_a_page_saved_with_all_it_shows_is_read(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        b"From: <Saved by Blink>\nSubject: Boats\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="x"\n\n'
        b"--x\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<meta charset=3Dutf-8><p>Forty-one b=C3=A2teaux\n"
        b"--x\nContent-Type: text/css\nContent-Location: cid:1\n\np {}\n"
        b"--x\nContent-Type: image/png\nContent-Location: http://x/y.png\n\nx\n--x--\n",
    )

    assert text_of(loaded).endswith("Forty-one bâteaux")
    assert loaded.attachments == ()


def test_the_mail_of_the_harbour_is_read() -> None:
    loaded = mail.load(FORMATS / "harbour.eml", "harbour.eml", max_pages=10)

    assert "the harbour of Sète holds forty-one boats and one ferry." in text_of(loaded)
    assert [attached.name for attached in loaded.attachments] == ["boats.csv"]
