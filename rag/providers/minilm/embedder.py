"""all-MiniLM-L6-v2 on the processor: no key, no download, no torch.

The model's file is made by `bench/build_minilm.py`; README.md beside this module tells its origin.
"""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, chain
from pathlib import Path

# Unless told before it is imported, onnxruntime keeps a device id under the home directory and
# reports to its maker: https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.errors import ProviderError
from rag.protocols import Vectors

MODEL_FILE = "minilm-int8.onnx"
MODEL_SHA256 = "d2564d581a726f54761a3a83b62aee50768369b74bd0ba5394dc0f2d7860ac93"
TOKENIZER_FILE = "tokenizer.json"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

NAME = "all-MiniLM-L6-v2"
DIMENSION = 384
MAX_TOKENS = 256  # max_seq_length of the published model, [CLS] and [SEP] included
MAX_THREADS = 8
MEASURED_WORDS = 120
FOREIGN_PIECES, FOREIGN_RANGE = 1.6, 0.25  # word pieces a word: 1.35 is still all English
UNKNOWN, UNKNOWN_PIECES = "[UNK]", 3  # what a word counts more that the model cannot even spell
MOST_REMEMBERED_WORDS = 100_000  # about 10 MB
LONGEST_REMEMBERED_WORD = 40
LEARNT_AT_ONCE = 200
_WORD = re.compile(r"[^\W\d_]+")
_UNSEEN = re.compile(r"[\x0b\x0c\x1c-\x1f\x85]")  # white space to Python, nothing to the tokenizer
ERRORS_ONLY = 3  # onnxruntime's severity scale: 2 is a warning, 3 an error


class MiniLmEmbedder:
    """An `Embedder` that runs inside this process; one instance serves any number of threads.

    Texts go through the model one at a time, several of them side by side: on its own a text needs
    no padding, is as fast as in a batch, and its int8 vector never depends on its neighbours (a
    batch shares one scale for its activations), so the same text always has the same vector.

    Args:
        threads: how many texts are embedded side by side; None is one for each core, 8 at most.
        folder: where the model's two files lie.

    Raises:
        ProviderError: a file is missing, or is not the one this version was made with.
    """

    def __init__(self, *, threads: int | None = None, folder: Path | None = None) -> None:
        folder = folder or Path(__file__).parent
        self._threads = threads or min(os.cpu_count() or 1, MAX_THREADS)
        self._tokenizer = Tokenizer.from_file(verified(folder / TOKENIZER_FILE, TOKENIZER_SHA256))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._unknown = self._tokenizer.token_to_id(UNKNOWN)
        self._lengths: dict[str, int] = {}
        self._session = onnxruntime.InferenceSession(
            verified(folder / MODEL_FILE, MODEL_SHA256),
            session_options(),
            providers=["CPUExecutionProvider"],
        )

    @property
    def model(self) -> str:
        """The published model's name."""
        return NAME

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return DIMENSION

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read, the two special ones included."""
        return MAX_TOKENS

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in word pieces, the two special tokens included.

        No word piece goes over white space: the lengths of words add up, and are remembered.
        """
        if len(self._lengths) > MOST_REMEMBERED_WORDS:
            self._lengths = {}
        lengths = self._lengths
        words = [text.split() for text in texts]
        new = {word for word in chain.from_iterable(words) if word not in lengths}
        long = {word for word in new if len(word) > LONGEST_REMEMBERED_WORD}
        self._learn(list(new - long), lengths)
        return [
            len(self._token_ids(text))
            if _UNSEEN.search(text) or not long.isdisjoint(own)
            else 2 + sum(map(lengths.__getitem__, own))
            for text, own in zip(texts, words, strict=True)
        ]

    def _learn(self, words: Sequence[str], lengths: dict[str, int]) -> None:
        """Count the word pieces of words, many in one call: that takes less than half the time."""
        for first in range(0, len(words), LEARNT_AT_ONCE):
            batch = words[first : first + LEARNT_AT_ONCE]
            starts = [0, *accumulate(len(word) + 1 for word in batch)]
            pieces = [0] * len(batch)
            encoding = self._tokenizer.encode(encodable(" ".join(batch)), add_special_tokens=False)
            for start, _end in encoding.offsets:
                pieces[bisect_right(starts, start) - 1] += 1
            lengths.update(zip(batch, pieces, strict=True))

    def fluency(self, text: str) -> float:
        """How well it knows the language of a text: 1 for English, 0 for what it must spell out.

        Told by the number of word pieces that a word takes: on XQuAD 95 % of the English
        paragraphs need at most 1.3, of the Spanish at least 1.6, of the German 1.8.
        """
        words = list(dict.fromkeys(_WORD.findall(encodable(text).lower())))[:MEASURED_WORDS]
        if not words:
            return 1.0
        ids = self._token_ids(" ".join(words))
        pieces = len(ids) - 2 + UNKNOWN_PIECES * sum(id_ == self._unknown for id_ in ids)
        return min(1.0, max(0.0, (FOREIGN_PIECES - pieces / len(words)) / FOREIGN_RANGE))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape `(len(texts), 384)`; what follows token 256 of a text is not read."""
        if len(texts) > 1 and self._threads > 1:
            with ThreadPoolExecutor(self._threads, thread_name_prefix="minilm") as workers:
                return _stack(workers.map(self._vector, texts))
        return _stack(map(self._vector, texts))

    def _vector(self, text: str) -> Vectors:
        ids = self._token_ids(text)
        if len(ids) > MAX_TOKENS:
            ids = [*ids[: MAX_TOKENS - 1], ids[-1]]
        (vectors,) = self._session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})
        vector: Vectors = vectors[0]
        return vector

    def _token_ids(self, text: str) -> list[int]:
        # One text a call: encode_batch starts threads of its own, and then warns on every fork.
        return self._tokenizer.encode(encodable(text)).ids


def _stack(vectors: Iterable[NDArray[np.float32]]) -> Vectors:
    rows = list(vectors)
    return np.stack(rows) if rows else np.empty((0, DIMENSION), dtype=np.float32)


def session_options() -> onnxruntime.SessionOptions:
    """One thread a text, and no word but of errors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    return options


def encodable(text: str) -> str:
    """The text with lone surrogates, which no UTF-8 can hold, replaced by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def verified(path: Path, sha256: str) -> str:
    """The path of a file that holds what it should: onnxruntime may crash on a damaged one."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unusable(path) from error
    if found != sha256:
        raise _unusable(path)
    return str(path)


def _unusable(path: Path) -> ProviderError:
    return ProviderError(
        f"The embedded model cannot be loaded: its file {path.name} is missing or damaged. "
        "Install Tramontane again, or restore that file from the repository."
    )
