"""Which vectors may stand in a library: those of its own embedding model, and no others."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from rag.domain import Library
from rag.errors import EmbeddingMismatchError
from rag.store.tables import chunks


def check_embedding(library: Library, model: str, dimension: int) -> None:
    """Refuse vectors that cannot stand beside those of a library.

    Raises:
        EmbeddingMismatchError: they are of another model than the library's.
    """
    if (model, dimension) != (library.embedding_model, library.dimension):
        raise EmbeddingMismatchError(
            f"The library {library.name!r} is now embedded with {library.embedding_model} "
            f"({library.dimension} dimensions), and {model} is in use here. Restart Tramontane so "
            "that it uses the library's model."
        )


def check_lengths(connection: Connection, library: Library) -> None:
    """Check that every stored vector of a library has the length that it should have.

    Raises:
        EmbeddingMismatchError: some have not, so that no search is possible.
    """
    wrong = connection.execute(
        select(func.count())
        .select_from(chunks)
        .where(
            chunks.c.library_id == library.id,
            func.length(chunks.c.vector) != 2 * library.dimension,
        )
    ).scalar_one()
    if wrong:
        raise EmbeddingMismatchError(
            f"Vectors of the library {library.name!r} are not of {library.embedding_model}: "
            f"{wrong} have another length. Run `tramontane rebuild --embedding "
            f"{library.embedding_model}` to embed it again."
        )
