"""The embedded embedder, on its real model."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import ProviderError
from rag.protocols import Embedder, Vectors
from rag.providers.minilm import embedder as minilm
from rag.providers.minilm.embedder import MODEL_FILE, TOKENIZER_FILE, MiniLmEmbedder

MODEL_FOLDER = Path(minilm.__file__).parent

TEXTS = (
    "A cat is sleeping on the sofa.",
    "The kitten naps on the couch.",
    "Quarterly revenue grew by eight percent.",
    "no",
    "Sales in the third quarter were up 8 % on the year before. " * 6,
    "",
)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return MiniLmEmbedder(threads=2)


def most_similar(query: Vectors, candidates: Vectors) -> int:
    return int(np.argmax(candidates @ query[0]))


def test_names_itself_as_the_published_model(embedder: Embedder) -> None:
    assert (embedder.model, embedder.dimension, embedder.max_tokens) == (
        "all-MiniLM-L6-v2",
        384,
        256,
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many parameters are active for each token?", 0),
        ("When can I send the product back?", 1),
        ("What did the company earn last year?", 2),
        ("Who painted the ceiling of the chapel?", 3),
    ],
)
def test_question_is_nearest_to_the_text_that_answers_it(
    embedder: Embedder, question: str, answer: int
) -> None:
    texts = [
        "Mixtral 8x7B has 47 billion parameters and uses 13 billion of them per token.",
        "Goods may be returned within 30 days for a full refund.",
        "Net income for fiscal 2022 was $5.8 billion.",
        "Michelangelo worked on the Sistine frescoes from 1508 to 1512.",
    ]
    assert most_similar(embedder.embed([question]), embedder.embed(texts)) == answer


def test_similarities_are_those_of_the_published_model(embedder: Embedder) -> None:
    sleeping, napping, revenue = embedder.embed(TEXTS[:3])
    # the middle of the range is what the published weights give in float32
    assert float(sleeping @ napping) == pytest.approx(0.743, abs=0.03)
    assert float(sleeping @ revenue) == pytest.approx(0.015, abs=0.03)


def test_vectors_are_float32_of_unit_length(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_vector_depends_neither_on_neighbours_nor_on_threads(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    in_one_thread = MiniLmEmbedder(threads=1).embed(TEXTS)
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together, in_one_thread)


def test_callers_in_several_threads_get_their_own_vectors(embedder: Embedder) -> None:
    expected = embedder.embed(TEXTS)
    with ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda _: embedder.embed(TEXTS), range(8)))
    for answer in answers:
        np.testing.assert_array_equal(answer, expected)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    vectors = embedder.embed([])
    assert vectors.shape == (0, 384)
    assert vectors.dtype == np.float32
    assert embedder.count_tokens([]) == []


@pytest.mark.parametrize("text", ["", " \n\t", "\x00\x02", "\ud800 alone", "🦊" * 40, "a" * 5000])
def test_odd_text_still_has_a_unit_vector(embedder: Embedder, text: str) -> None:
    (vector,) = embedder.embed([text])
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-5)


def test_tokens_are_counted_with_the_special_ones_and_without_a_limit(embedder: Embedder) -> None:
    assert embedder.count_tokens(["", "wind", "wind " * 1000]) == [2, 3, 1002]


ODD = st.sampled_from(
    ["\xa0", "\u3000", "\x0b", "\x1c", "\x85", "\u2028", "\u200b", "[SEP]", " \u0301", "漢字",
     "x" * 120, "\ud800", "\x00", "don't", "1,234.5", "👩\u200d🚀", " ", "\n"]
)  # fmt: skip


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ODD | st.text(max_size=3)).map("".join))
def test_remembered_lengths_of_words_add_up(embedder: MiniLmEmbedder, text: str) -> None:
    assert embedder.count_tokens([text]) == [len(embedder._token_ids(text))]


def test_text_is_read_up_to_its_256th_token(embedder: Embedder) -> None:
    kept = "wind " * 254
    exact, longer, shorter = embedder.embed([kept, kept + "refund policy", "wind " * 253])
    assert embedder.count_tokens([kept]) == [embedder.max_tokens]
    np.testing.assert_array_equal(exact, longer)
    assert not np.array_equal(exact, shorter)


def test_files_are_the_ones_the_readme_names() -> None:
    readme = (MODEL_FOLDER / "README.md").read_text(encoding="utf-8")
    for name, recorded in (
        (MODEL_FILE, minilm.MODEL_SHA256),
        (TOKENIZER_FILE, minilm.TOKENIZER_SHA256),
    ):
        assert hashlib.sha256((MODEL_FOLDER / name).read_bytes()).hexdigest() == recorded
        assert any(f"`{name}`" in line and recorded in line for line in readme.splitlines())


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE])
def test_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    for file in (MODEL_FILE, TOKENIZER_FILE):
        shutil.copy(MODEL_FOLDER / file, tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ProviderError, match=f"its file {name} is missing or damaged. Install"):
        MiniLmEmbedder(folder=tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    shutil.copy(MODEL_FOLDER / TOKENIZER_FILE, tmp_path)
    with pytest.raises(ProviderError, match=f"its file {MODEL_FILE} is missing or damaged"):
        MiniLmEmbedder(folder=tmp_path)


def test_embedding_leaves_no_traces_prints_nothing_and_starts_no_thread(tmp_path: Path) -> None:
    script = (
        "import os, pathlib\n"
        "from rag.providers.minilm.embedder import MiniLmEmbedder\n"
        "MiniLmEmbedder(threads=1).embed(['wind', 'rain'])\n"
        "tasks = pathlib.Path('/proc/self/task')\n"
        "assert not tasks.exists() or len(list(tasks.iterdir())) == 1, 'a thread was started'\n"
    )
    environment = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name}
    environment |= {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_it_knows_english_and_not_german(embedder: Embedder) -> None:
    english = "The contractor shall deliver the documents within thirty days of the order."
    german = "Der Auftragnehmer muss die Unterlagen innerhalb von dreißig Tagen übermitteln."
    assert embedder.fluency(english) == 1.0
    assert embedder.fluency(german) == 0.0
    assert embedder.fluency("12,345 %") == embedder.fluency("") == 1.0
