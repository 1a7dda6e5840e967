"""What moving a document to another library takes: its vectors, where the models differ."""

from __future__ import annotations

from ingest.embedded import hash_of, text_of
from ingest.estimating import embedding_estimate, embedding_tokens
from rag.domain import Document, Library
from rag.intake import Estimate
from rag.protocols import Embedder
from rag.store.catalog import Catalog


def price_of_move(
    catalog: Catalog, document: Document, target: Library, embedder: Embedder
) -> Estimate:
    """What there is to embed of a document in a library whose embedder this is; often nothing."""
    source = catalog.library_with_id(document.library_id)
    is_kept = (source.embedding_model, source.dimension) == (
        target.embedding_model,
        target.dimension,
    )
    stored = catalog.pending_chunks if is_kept else catalog.document_chunks
    texts = {hash_of(text): text for text in map(text_of, stored(document.id))}
    known = catalog.known_vectors(target.embedding_model, target.dimension, texts)
    new = [text for text_hash, text in texts.items() if text_hash not in known]
    tokens = embedding_tokens(embedder, new)
    return embedding_estimate(embedder.model, document.page_count, tokens, len(new))
