"""Search by words: BM25 over a library's chunks, by tantivy.

The words of a chunk are its title's, its headings' and its own, in one field, so that a question is
a plain union of terms: tantivy then skips whatever cannot reach the best (block-max WAND, Ding and
Suel 2011), which boosts and required clauses would forbid. Each document is stemmed in its own
language, and a question in every language that the library has.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from tantivy import (
    Document,
    FieldType,
    Index,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
)

from rag.domain import Library
from rag.exact import exact_words, other_forms, quoted_phrases
from rag.failpoints import failpoint
from rag.folding import readable
from rag.languages import READ_CHARACTERS, Language, detect
from rag.misspelling import SHORTEST_FOR_TWO, is_correctable, is_within, one_letter_off
from rag.store.agreement import words_agree
from rag.store.catalog import Catalog
from rag.store.courtesy import give_way
from rag.store.derived import DERIVED, PURGES, earlier, provide, throw_away
from rag.store.lexical_contents import CONTENTS, FORMAT, Contents, empty, started_from
from rag.store.opened import CarefulSearcher, OpenedFiles
from rag.store.rows import IndexedChunk
from rag.store.spans import ChunkSpan, fingerprint
from rag.store.words import UNTOLD, Words

logger = logging.getLogger(__name__)

MOST_REMOVED = 0.1  # of the chunks, whose words still count; above this all is indexed anew
WRITER_BYTES = 256_000_000
CORRECTED_WORDS = 8  # of a question
CORRECTIONS = 3  # of a word
LONGEST_PIECE = 3  # of a number or identifier that is found whole; "2016" tells, "679" does not
MOST_WITH_CODE = 20  # chunks; what more of them hold tells no more than a word
SHARED_LETTERS = 3  # that a word two letters off begins with


Among = Collection[str] | range  # documents, or chunks by their ids, that a search stays in


def _schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_unsigned_field("id", fast=True)
    for name in ("document", "language"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("exact", tokenizer_name="whitespace", index_option="basic")
    return builder.build()


class LexicalIndex:
    """The words of one library at one generation; `languages` are its, commonest first."""

    def __init__(self, index: Index, files: OpenedFiles | None = None) -> None:
        """Take an index whose writer is done, and its files unless it lies in memory."""
        index.config_reader(reload_policy="manual")  # else threads watch its files for changes
        index.reload()
        self._schema = index.schema
        self.files = files or OpenedFiles(())
        self._searcher = CarefulSearcher(index.searcher(), self.files)
        self._words = Words()
        counts = self._searcher.terms_with_prefix("language", "")
        self.languages = tuple(
            Language(name) for name, _ in sorted(counts, key=lambda pair: -pair[1])
        )

    def language_of(self, text: str) -> Language:
        """The language of the library that a text is in; its commonest where that is not clear."""
        language = detect(text)
        known = self.languages
        return language if language in known else known[0] if known else UNTOLD

    def document_frequency(self, word: str) -> int:
        """In how many chunks an indexed word occurs."""
        return int(self._searcher.doc_freq("text", word))

    def resembles(self, word: str) -> bool:
        """Whether a word that the library does not have may be a misspelling of one it has."""
        return is_correctable(word) and bool(self._near(word))

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def holds(self, id_: int, document_id: str) -> bool:
        """Whether it has a chunk, as one of this document."""
        document = self._term("document", document_id)
        return bool(self._best([document], 1, range(id_, id_ + 1)))

    def ids(self) -> list[int]:
        """Every chunk that it holds."""
        return [id_ for id_, _ in self._best([Query.all_query()], max(len(self), 1), None)]

    def search(self, question: str, k: int, among: Among | None = None) -> list[tuple[int, float]]:
        """The `k` chunks with the best BM25 score for any words of the question, best first.

        Every word of the question counts, those of little weight too: leaving out stop words
        lowers recall (SQuAD: 0.828 against 0.842 reciprocal rank). Numbers and identifiers count
        twice where they stand as asked. Chunks that hold the phrases in quotation marks come
        before all others. A word that the library does not have stands for those it resembles.
        """
        exact = self._exact_words(question)
        known, near = self._known_words(question)
        if not known and not near and not exact:
            return []
        wanted = _any_of([*known, *exact, *exact], near)
        worth = 0.5 if near and (known or exact) else 1.0
        found = self._best([wanted], k, among)
        quoted = dict.fromkeys(quoted_phrases(question))
        phrases = [query for text in quoted if (query := self._phrase(text))]
        if phrases and found:
            holding = self._best([wanted, *phrases], k, among)
            found = _ahead(holding, found, k)
        return [(id_, score * worth) for id_, score in found]

    def chunks_with(self, code: str, among: Among | None = None) -> list[int]:
        """The chunks that hold a name with figures, one more than `MOST_WITH_CODE` at most."""
        forms = [code] if self._fields_with(code) else other_forms([code])
        terms = [self._term(name, form) for form in forms for name in self._fields_with(form)]
        if not terms:
            return []
        wanted = _any_of(terms, [])
        return [id_ for id_, _ in self._best([wanted], MOST_WITH_CODE + 1, among)]

    def chunks_saying(self, phrase: str, among: Among | None = None) -> list[int]:
        """The best chunks that hold these words in this order, `MOST_WITH_CODE` at most."""
        query = self._phrase(phrase)
        return [id_ for id_, _ in self._best([query], MOST_WITH_CODE, among)] if query else []

    def _best(
        self, required: Sequence[Query], k: int, among: Among | None
    ) -> list[tuple[int, float]]:
        clauses = [(Occur.Must, query) for query in required]
        if among is not None:
            clauses.append((Occur.Must, Query.const_score_query(self._within(among), 0.0)))
        query = required[0] if len(clauses) == 1 else Query.boolean_query(clauses)
        hits = self._searcher.search(query, k)
        ids = self._searcher.fast_field_values("id", [address for _, address in hits])
        return [(int(id_ or 0), float(score)) for id_, (score, _) in zip(ids, hits, strict=True)]

    def _within(self, among: Among) -> Query:
        if not isinstance(among, range):
            return Query.term_set_query(self._schema, "document", list(among))
        if not among:
            return Query.empty_query()
        first, last = among[0], among[-1]
        return Query.range_query(self._schema, "id", FieldType.Unsigned, first, last)

    def _known_words(self, question: str) -> tuple[list[Query], list[Query]]:
        """The words of a question that the library has, and what those it lacks may mean."""
        stems = [self._words(question, language) for language in self.languages]
        known: dict[str, None] = {}
        unknown: dict[str, None] = {}
        pieces = self._pieces(question)
        for word, *forms in zip(self._words(question, None), *stems, strict=True):
            if word in pieces:
                continue
            present = [form for form in forms if form in known or self.document_frequency(form)]
            known.update(dict.fromkeys(present))
            if not present and is_correctable(word):
                unknown[word] = None
        near = [form for word in list(unknown)[:CORRECTED_WORDS] for form in self._near(word)]
        fresh = [form for form in dict.fromkeys(near) if form not in known]
        return [self._term("text", form) for form in known], [
            self._term("text", form) for form in fresh
        ]

    def _pieces(self, question: str) -> set[str]:
        """The little words that a question's numbers fall apart into, where the library has those.

        The 10 and the K of "10-K" say nothing beside it.
        """
        return {
            word
            for text in question.split()
            if any(self._fields_with(whole) for whole in exact_words(text))
            for word in self._words(text, None)
            if len(word) <= LONGEST_PIECE
        }

    def _near(self, word: str) -> list[str]:
        """The commonest words of the library that a word may be a misspelling of."""
        return self._commonest(one_letter_off(word)) or (
            self._commonest(self._two_letters_off(word)) if len(word) >= SHORTEST_FOR_TWO else []
        )

    def _commonest(self, words: Iterable[str]) -> list[str]:
        text = " ".join(words)
        forms = {form for language in self.languages for form in self._words(text, language)}
        counts = {form: count for form in forms if (count := self.document_frequency(form))}
        return sorted(counts, key=lambda form: (-counts[form], form))[:CORRECTIONS]

    def _two_letters_off(self, word: str) -> Iterator[str]:
        stems = {self._words(word, language)[0] for language in self.languages}
        for form, _ in self._searcher.terms_with_prefix("text", word[:SHARED_LETTERS]):
            if any(is_within(stem, form, 2) for stem in stems):
                yield form

    def _exact_words(self, question: str) -> list[Query]:
        plain = [word for word in self._words(question, None) if any(map(str.isdigit, word))]
        exact = exact_words(readable(question))
        unknown = [word for word in exact if not self._fields_with(word)]
        return [
            self._term(field, word)
            for word in dict.fromkeys([*exact, *other_forms(unknown), *plain])
            for field in self._fields_with(word)
            if field == "exact" or word not in plain
        ]

    def _fields_with(self, word: str) -> list[str]:
        return [name for name in ("exact", "text") if self._searcher.doc_freq(name, word)]

    def _phrase(self, text: str) -> Query | None:
        """Chunks that hold these words in this order, in whichever forms."""
        forms = {tuple(self._words(text, language)) for language in self.languages} - {()}
        queries = [
            self._term("text", words[0])
            if len(words) == 1
            else Query.phrase_query(self._schema, "text", list(words))
            for words in sorted(forms)
        ]
        return Query.boolean_query([(Occur.Should, query) for query in queries]) if forms else None

    def _term(self, field: str, word: str) -> Query:
        return Query.term_query(self._schema, field, word, "freq")


def _any_of(full: Sequence[Query], half: Sequence[Query]) -> Query:
    """Any of these terms, the second ones counting half as much as the first.

    A term given twice counts twice; a boost would do the same and read every posting.
    """
    if half:
        full = [query for query in full for _ in range(2)]
    return Query.boolean_query([(Occur.Should, query) for query in (*full, *half)])


def _ahead(
    first: Sequence[tuple[int, float]], others: Sequence[tuple[int, float]], k: int
) -> list[tuple[int, float]]:
    """The first ones, their scores raised above all others', then the others."""
    best = max(score for _, score in others)
    raised = [(id_, score + best) for id_, score in first]
    known = {id_ for id_, _ in first}
    return [*raised, *(pair for pair in others if pair[0] not in known)][:k]


def open_lexical_index(
    catalog: Catalog, library: Library, spans: Sequence[ChunkSpan]
) -> LexicalIndex:
    """The lexical index of a library at its generation, built when there is none on disk.

    `spans` are where the chunks lie that it must be made from.

    Raises:
        DiscardedError: something of the library was purged meanwhile.
    """
    purges = catalog.trash.purges(library.id)  # before anything is read that may be purged
    place = catalog.data_dir / DERIVED / library.id / f"lexical-{library.generation}"
    expected: dict[str, str | int] = {
        "format": FORMAT,
        "generation": library.generation,
        "chunks": fingerprint(spans),
        PURGES: purges,
    }
    for is_known_wrong in (False, True):

        def build(folder: Path, source: Path | None = None if is_known_wrong else place) -> None:
            _build(folder, catalog, library, earlier(source, purges) if source else None)

        folder = provide(place, expected, build, library.name)
        index = None if folder is None else _opened(folder)
        if index is not None and (
            words_agree(len(index), index.holds, spans)
            or catalog.library_with_id(library.id).generation != library.generation
        ):
            return index
        if folder is not None and folder.is_dir():  # else another process removed it
            throw_away(folder)
    in_memory = Index(_schema())
    _fill(in_memory, catalog, library)
    return LexicalIndex(in_memory)


def _opened(folder: Path) -> LexicalIndex | None:
    try:
        files = [path for path in folder.iterdir() if not path.name.startswith(".")]  # no locks
        return LexicalIndex(Index.open(str(folder)), OpenedFiles(files))
    except (ValueError, OSError) as error:
        logger.info("%s was removed by another process: %s", folder, error)
        return None


def _build(folder: Path, catalog: Catalog, library: Library, source: Path | None) -> None:
    """Write an index into an empty folder, from an earlier one where there is any."""
    known = started_from(source, folder, library.language or UNTOLD)
    try:
        index = Index.open(str(folder)) if known else Index(_schema(), path=str(folder))
        failpoint("lexical.opened")
        filled = _fill(index, catalog, library, known)
        if filled.removed > MOST_REMOVED * sum(filled.chunks.values()):
            empty(folder)
            index = Index(_schema(), path=str(folder))
            filled = _fill(index, catalog, library)
        failpoint("lexical.filled")
        (folder / CONTENTS).write_text(json.dumps(asdict(filled)), encoding="utf-8")
    except ValueError as error:  # which is how tantivy says that a file cannot be written
        raise OSError(str(error)) from error


def _fill(
    index: Index, catalog: Catalog, library: Library, known: Contents | None = None
) -> Contents:
    """Bring an index to hold the chunks of a library, given what it holds.

    Only documents that are new or otherwise named are read.
    """
    words = Words()
    writer = index.writer(heap_size=WRITER_BYTES, num_threads=1)
    untold = library.language or UNTOLD
    before = known or Contents()
    digests = catalog.document_digests(library.id)
    changed = [name for name, digest in before.digests.items() if digests.get(name) != digest]
    sizes = {name: before.chunks[name] for name in before.digests.keys() - set(changed)}
    for document_id in changed:
        writer.delete_documents_by_term("document", document_id)
    wanted = [name for name, digest in digests.items() if before.digests.get(name) != digest]
    for document_id, group in groupby(catalog.indexed_chunks(wanted), attrgetter("document_id")):
        its_chunks = list(group)
        sizes[document_id] = len(its_chunks)
        language = _language_of(its_chunks) or Language(untold)
        for chunk in its_chunks:
            writer.add_document(_document(chunk, language, words))
            give_way()
    failpoint("lexical.before_commit")
    writer.commit()
    failpoint("lexical.committed")
    writer.wait_merging_threads()
    removed = before.removed + sum(before.chunks[name] for name in changed)
    held = {name: digest for name, digest in digests.items() if name in sizes}
    return Contents(held, sizes, removed, language=untold)


def _language_of(chunks: Iterable[IndexedChunk]) -> Language | None:
    texts: list[str] = []
    length = 0
    for chunk in chunks:
        texts.append(chunk.text)
        length += len(chunk.text)
        if length >= READ_CHARACTERS:
            break
    return detect("\n".join(texts))


def _document(
    chunk: IndexedChunk, language: Language, words: Callable[[str, Language], list[str]]
) -> Document:
    text = readable(f"{chunk.title}\n{chunk.heading}\n{chunk.text}")
    document = Document()
    document.add_unsigned("id", chunk.id)
    document.add_text("document", chunk.document_id)
    document.add_text("language", language.value)
    document.add_text("text", " ".join(words(text, language)))
    exact = exact_words(text)
    document.add_text("exact", " ".join(dict.fromkeys([*exact, *other_forms(exact)])))
    return document
