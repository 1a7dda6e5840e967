"""Whose the earlier versions are when the document they were of is called by another place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.domain import Document, Library
from rag.intake import WITHIN, Content, Origin
from rag.store.catalog import Catalog
from tests.rag.store.shelves import reading

MAIL, HERE, THERE = "/x/post.eml", "/x/terms.txt", "/y/terms.txt"


def hand_over(
    catalog: Catalog, library: Library, text: str, place: str, name: str = "terms.txt"
) -> Document:
    """Publish a file of one text, and note its name and place, as the queue does."""
    origin = Origin(place, alone=WITHIN not in place)
    read = replace(reading(library, text, name=name), origin=origin)
    job = catalog.jobs.submit(library.id, name, read.document.sha256, 9, origin=origin)
    published = catalog.publish(read)
    if origin.alone:
        catalog.aliases.note(job)
    return published


def hand_over_mail(catalog: Catalog, library: Library, text: str) -> Document:
    """Publish what a mail holds, with the record of it."""
    held = hand_over(catalog, library, text, f"{MAIL}{WITHIN}terms.txt", "post.eml/terms.txt")
    letter = catalog.jobs.submit(library.id, "post.eml", "ab" * 32, 9, origin=Origin(MAIL))
    catalog.containers.keep(letter, [Content("terms.txt", held.sha256, 9)])
    return held


def versions(catalog: Catalog, library: Library) -> dict[tuple[str, str], list[str]]:
    """The text of each document with its name, and those of its earlier versions."""
    return {
        (document.name, catalog.page(document.id, 1).text): [
            catalog.cited.page(version.document.id, 1).text
            for version in catalog.trash.versions(document.id)
        ]
        for document in catalog.documents(library.id)
    }


@pytest.mark.parametrize("place", [HERE, ""])
def test_those_of_a_file_stay_its_own_when_a_mail_keeps_what_it_was(
    catalog: Catalog, library: Library, place: str
) -> None:
    hand_over(catalog, library, "It costs 5.", place)
    hand_over_mail(catalog, library, "It costs 6.")
    hand_over(catalog, library, "It costs 6.", place)
    assert versions(catalog, library) == {("terms.txt", "It costs 6."): ["It costs 5."]}

    hand_over(catalog, library, "It costs 7.", place)

    assert versions(catalog, library) == {
        ("post.eml/terms.txt", "It costs 6."): [],
        ("terms.txt", "It costs 7."): ["It costs 5."],
    }
    assert catalog.trash.of(library.id) == []


def test_those_of_a_mail_stay_the_mails(catalog: Catalog, library: Library) -> None:
    hand_over_mail(catalog, library, "It costs 5.")
    hand_over_mail(catalog, library, "It costs 6.")
    hand_over(catalog, library, "It costs 6.", HERE)
    hand_over(catalog, library, "It costs 7.", HERE)
    assert versions(catalog, library) == {
        ("post.eml/terms.txt", "It costs 6."): ["It costs 5."],
        ("terms.txt", "It costs 7."): [],
    }


def test_those_of_two_files_of_one_name_stay_each_ones_own(
    catalog: Catalog, library: Library
) -> None:
    hand_over(catalog, library, "It costs 5.", THERE)
    hand_over(catalog, library, "It costs 6.", THERE)
    hand_over(catalog, library, "It costs 6.", HERE)
    hand_over(catalog, library, "It costs 7.", THERE)
    assert versions(catalog, library) == {
        ("terms.txt", "It costs 6."): [],
        ("terms.txt", "It costs 7."): ["It costs 5."],
    }


def test_those_that_came_from_where_it_still_lies_stay(catalog: Catalog, library: Library) -> None:
    hand_over(catalog, library, "It costs 5.", HERE)
    hand_over(catalog, library, "It costs 6.", "")  # from nobody knows where
    hand_over(catalog, library, "It costs 6.", HERE)
    hand_over(catalog, library, "It costs 7.", "")
    assert versions(catalog, library) == {
        ("terms.txt", "It costs 6."): ["It costs 5."],
        ("terms.txt", "It costs 7."): [],
    }
