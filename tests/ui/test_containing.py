from __future__ import annotations

import re
from dataclasses import replace

from ingest.loaders.mailbox import DELETED
from ingest.mailbody import SIGNED
from rag.domain import Document, DocumentState
from rag.intake import Container, Content, Fate, Job, Member, Stage
from ui.containing import (
    MOST_SHOWN,
    counts_words,
    member_lines,
    render_container,
    render_lost,
    render_within,
    staying_words,
)
from ui.documents import Shelf, render_documents

ARCHIVE = Container(7, "l1", "a&b.zip", "ab", 900)
MEMBERS = [
    Member("in<ner>.txt", Fate.READ, "", "d1", "a&b.zip/in<ner>.txt"),
    Member("copy.txt", Fate.READ, "", "d1", "first.txt"),
    Member("odd.bin", Fate.NOT_READ, "It is damaged."),
    Member("", Fate.DELETED),
    Member(".hidden", Fate.PASSED, "It is hidden."),
]
LINES = [
    "in<ner>.txt: read.",
    "copy.txt: read. The library has it as first.txt.",
    "odd.bin: not read. It is damaged.",
    "1 file was deleted for good.",
    "1 file is empty or hidden, and was passed over.",
]


def document(**changes: object) -> Document:
    made = Document(
        *("d1", "l1", "a&b.zip/inner.txt", "inner", "text/plain", "00", 9000),
        *(DocumentState.READY, "", 1, False),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_why_files_were_passed_over_is_said() -> None:
    signature = Member("smime.p7s", Fate.PASSED, SIGNED)
    deleted = [Member(f"{number}.eml", Fate.PASSED, DELETED) for number in (1, 2)]
    assert member_lines([*MEMBERS[:1], signature, *deleted, MEMBERS[-1]], "a&b.zip")[1:] == [
        f"1 file passed over: {SIGNED}",
        f"2 files passed over: {DELETED}",
        LINES[-1],
    ]


def test_every_file_has_its_line_except_what_nobody_misses() -> None:
    assert counts_words(MEMBERS) == "4 files: 2 read, 1 not read, 1 deleted for good"
    assert member_lines(MEMBERS, ARCHIVE.name) == LINES
    assert counts_words([]) == "no files"


def test_the_report_shows_first_what_was_not_read_and_opens_what_was() -> None:
    html = render_container(ARCHIVE, MEMBERS, "state")
    assert 'data-report="in-7"' in html
    assert "<h3>4 files: 2 read, 1 not read, 1 deleted for good</h3>" in html
    names = re.findall(r"<(?:button|b)[^>]*>([^<]*)</(?:button|b)><span>", html)
    assert names == ["odd.bin", "in&lt;ner&gt;.txt", "copy.txt"]
    assert html.count('data-event="report" data-id="d1"') == 2
    assert '<p class="why">It is damaged.</p>' in html
    assert '<p class="why">The library has it as first.txt.</p>' in html


def test_of_very_many_files_the_first_are_shown() -> None:
    many = [Member(f"{number}.txt", Fate.READ) for number in range(MOST_SHOWN + 20)]
    html = render_container(ARCHIVE, [*many, MEMBERS[2]], "")
    assert html.count("<li ") == MOST_SHOWN
    assert "odd.bin" in html
    assert '<p class="nothing">21 more</p>' in html


def test_what_lost_files_has_a_row_that_can_be_hidden() -> None:
    html = render_documents(Shelf([], [], lost=[(ARCHIVE, 4, 1)]))
    assert render_lost(ARCHIVE, 4, 1) in html
    assert "1 of 4 files not fully read" in html
    assert 'data-event="report" data-id="in-7"' in html
    assert 'data-event="dismiss" data-id="in-7"' in html
    assert "a&amp;b.zip" in html


def test_what_is_still_read_has_one_row() -> None:
    archive = Job(1, "l1", "a&b.zip", ARCHIVE.sha256, 900, Stage.READING)
    same = [Job(number, "l1", f"{number}.zip/in.txt", "ff", 9, Stage.DONE) for number in (2, 3)]
    within = [replace(same[0], parent_id=9), replace(same[1], parent_id=1, stage=Stage.READING)]
    opened = replace(archive, stage=Stage.DONE)
    shelf = Shelf([], [archive], lost=[(ARCHIVE, 4, 1)])
    html = render_documents(shelf)
    assert html.count('title="a&amp;b.zip"') == 1
    assert 'data-partly=""' in html
    assert shelf.settled == []
    assert replace(shelf, jobs=[opened, *within]).settled == []
    done = [replace(job, stage=Stage.DONE) for job in within]
    assert replace(shelf, jobs=[opened, *done]).settled == [(ARCHIVE, 4, 1)]
    other = replace(archive, sha256="another")
    assert replace(shelf, jobs=[other]).settled == [(ARCHIVE, 4, 1)]


def test_a_document_says_in_what_it_came_unless_its_title_does() -> None:
    shelf = Shelf([document()], [], places={"00": ARCHIVE})
    place = 'class="within" data-event="report" data-id="in-7"'
    assert place in render_documents(shelf)
    assert ">in a&amp;b.zip</button>" in render_documents(shelf)
    untitled = replace(shelf, documents=[document(title="a&b.zip/inner.txt")])
    assert place not in render_documents(untitled)
    mail = replace(ARCHIVE, name="post.eml", document_id="d9")
    assert 'data-event="report" data-id="d9"' in render_documents(
        replace(shelf, places={"00": mail})
    )


def test_a_document_without_files_in_it_says_nothing_of_them() -> None:
    assert render_within([], "a.pdf") == ""
    assert "<h3>Files in it</h3>" in render_within(MEMBERS, "a.pdf")


def test_what_stays_when_a_mail_is_removed_is_named_up_to_a_few() -> None:
    came = [
        Member(f"{number}.txt", Fate.READ, "", f"d{number}", f"mail.eml/{number}.txt")
        for number in range(7)
    ]

    assert staying_words([], "mail.eml") == ""
    assert staying_words(came[:1], "mail.eml") == (
        "What came in mail.eml stays in the library: mail.eml/0.txt."
    )
    assert staying_words(came, "mail.eml").endswith("mail.eml/4.txt and 2 more.")


def test_what_was_never_taken_out_of_an_archive_is_counted_with_its_files() -> None:
    opened = Job(1, "l1", "a&b.zip", ARCHIVE.sha256, 900, Stage.DONE)
    left_out = {("a&b.zip", ARCHIVE.sha256): [Content("inner.zip", reason="It is <nested>.")]}
    html = render_documents(Shelf([], [opened], left_out=left_out))
    assert (
        '<i data-job="1.1" data-document="" data-parent="1" data-kind="failed" data-tone="bad">'
        "a&amp;b.zip/inner.zip: It is &lt;nested&gt;.</i>" in html
    )
    going = replace(opened, stage=Stage.READING)
    assert "inner.zip" not in render_documents(Shelf([], [going], left_out=left_out))
