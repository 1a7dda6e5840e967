import re
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from pypdf import PdfReader
from pypdf.generic import Destination

SAMPLE_DOCS = Path(__file__).resolve().parent.parent / "sample_docs"
GUIDE = SAMPLE_DOCS / "mistral-models-guide.pdf"
LETTER = SAMPLE_DOCS / "letter-scan.pdf"
PRICES = SAMPLE_DOCS / "prices-and-context.md"
QUESTIONS = SAMPLE_DOCS / "questions-and-answers.md"
FRENCH = SAMPLE_DOCS / "les-modeles-mistral.txt"

KEY_SENTENCE = (
    "Mixtral 8x7B has 46.7 billion parameters in all and uses 12.9 billion of them per token."
)
CHAPTERS = [
    "1 About this guide",
    "2 The family at a glance",
    "3 Mistral 7B",
    "4 Mixtral: a sparse mixture of experts",
    "5 Small, Medium, Large and Ministral",
    "6 Models for one kind of work",
    "7 Prices and lifecycles",
    "8 Tokens and context",
    "9 Running a model yourself",
    "10 Choosing a model",
]
GUIDE_PRICE = re.compile(r"^(\S+) (\S+-latest) (\d+k) \$([\d.]+) \$([\d.]+)$", re.MULTILINE)


def page_texts(path: Path) -> list[str]:
    with pdfium.PdfDocument(path) as document:
        return [
            document[number].get_textpage().get_text_range().replace("\r\n", "\n")
            for number in range(len(document))
        ]


def flatten(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def guide_pages() -> list[str]:
    return page_texts(GUIDE)


@pytest.fixture(scope="module")
def guide() -> PdfReader:
    return PdfReader(GUIDE)


def outline_with_levels(reader: PdfReader) -> list[tuple[int, str, int]]:
    found: list[tuple[int, str, int]] = []

    def walk(items: list[object], level: int) -> None:
        for item in items:
            if isinstance(item, list):
                walk(item, level + 1)
            elif isinstance(item, Destination):
                page = reader.get_destination_page_number(item)
                assert page is not None
                found.append((level, str(item.title), page))

    walk(list(reader.outline), 1)
    return found


def markdown_rows(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]


def test_guide_has_at_least_twelve_pages(guide: PdfReader) -> None:
    assert len(guide.pages) >= 12


def test_guide_names_title_author_and_language(guide: PdfReader) -> None:
    assert guide.metadata is not None
    assert guide.metadata.title == "The Mistral models, a guide"
    assert guide.metadata.author == "Tramontane contributors"
    assert str(guide.root_object["/Lang"]) == "en"


def test_guide_outline_lists_chapters_with_sections_below(guide: PdfReader) -> None:
    entries = outline_with_levels(guide)
    assert [title for level, title, _ in entries if level == 1] == ["Contents", *CHAPTERS]
    sections = [title for level, title, _ in entries if level == 2]
    assert "4.1 Mixtral 8x7B" in sections
    assert all(re.match(r"\d+\.\d+ \S", title) for title in sections)


def test_guide_outline_points_to_the_page_with_the_heading(
    guide: PdfReader, guide_pages: list[str]
) -> None:
    for _, title, page in outline_with_levels(guide):
        assert title in guide_pages[page].splitlines()


def test_guide_contents_print_the_label_of_each_page(
    guide: PdfReader, guide_pages: list[str]
) -> None:
    contents = guide_pages[1].splitlines()
    for _, title, page in outline_with_levels(guide)[1:]:
        assert f"{title} {guide.page_labels[page]}" in contents


def test_guide_labels_front_matter_in_roman_numerals(guide: PdfReader) -> None:
    body = [str(number) for number in range(1, len(guide.pages) - 1)]
    assert guide.page_labels == ["i", "ii", *body]


def test_guide_prints_its_page_labels(guide: PdfReader, guide_pages: list[str]) -> None:
    for label, text in list(zip(guide.page_labels, guide_pages, strict=True))[1:]:
        assert label in text.splitlines()


def test_guide_answers_the_first_example_question_in_one_sentence(guide_pages: list[str]) -> None:
    holding = [page for page, text in enumerate(guide_pages) if KEY_SENTENCE in flatten(text)]
    assert len(holding) == 1


def test_guide_text_has_no_ligatures_or_broken_words(guide_pages: list[str]) -> None:
    text = "".join(guide_pages)
    assert not re.search("[\ufb00-\ufb06\u00ad\ufffe\ufffd\x02]", text)
    assert "Apache 2.0 licence" in flatten(text)


def test_guide_table_rows_are_single_lines(guide_pages: list[str]) -> None:
    lines = "\n".join(guide_pages).splitlines()
    assert "Mixtral 8x7B 46.7 B 12.9 B 94 GB 48 GB Two cards, or one large card in fp8" in lines
    assert "Mixtral 8x22B April 2024 141 B Mixture of experts Apache-2.0" in lines


def test_price_table_agrees_with_the_guide(guide_pages: list[str]) -> None:
    in_guide = {match[0]: list(match) for match in GUIDE_PRICE.findall("\n".join(guide_pages))}
    in_table = {
        row[0]: [row[0], row[1], row[3], row[4].lstrip("$"), row[5].lstrip("$")]
        for row in markdown_rows(PRICES)
        if len(row) == 7 and row[1].endswith("-latest")
    }
    assert len(in_guide) == 7
    assert in_table == in_guide


def test_prices_in_prose_agree_with_the_table(guide_pages: list[str]) -> None:
    text = flatten(" ".join(guide_pages))
    quoted = re.findall(
        r"\$([\d.]+) per million tokens read and \$([\d.]+) (?:per million )(?:tokens )?written",
        text,
    )
    table = {
        (row[4].lstrip("$"), row[5].lstrip("$"))
        for row in markdown_rows(PRICES)
        if len(row) == 7 and row[4].startswith("$")
    }
    assert len(quoted) == 4
    assert set(quoted) <= table


def test_questions_and_answers_have_headings_and_an_answer_each() -> None:
    parts = re.split(r"^### ", QUESTIONS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(parts) >= 30
    for part in parts:
        question, _, answer = part.partition("\n")
        assert re.search(r"\?$|\. What happened\?$", question)
        assert len(answer.split("\n## ")[0].split()) >= 10


def test_french_text_is_french() -> None:
    text = FRENCH.read_text(encoding="utf-8")
    words = re.findall(r"\w+", text.lower())
    common = {"le", "la", "les", "de", "des", "et", "un", "une", "dans", "pour"}
    assert len(words) >= 800
    assert sum(word in common for word in words) / len(words) > 0.12
    assert len(re.findall("[éèêàçùôî]", text)) > 100


def test_letter_is_a_picture_without_text() -> None:
    assert [text.strip() for text in page_texts(LETTER)] == ["", ""]
    assert [len(page.images) for page in PdfReader(LETTER).pages] == [1, 1]


def test_sample_documents_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in SAMPLE_DOCS.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 2_000_000
    assert sizes["letter-scan.pdf"] < 300_000
