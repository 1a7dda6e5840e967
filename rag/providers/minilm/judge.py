"""A MiniLM that reads a claim beside its evidence: does the one say the other?

The file is made by `bench/verifier`; README.md beside this module tells its origin.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from rag.protocols import Judgement
from rag.providers.minilm.embedder import (
    MAX_THREADS,
    TOKENIZER_FILE,
    TOKENIZER_SHA256,
    encodable,
    session_options,
    verified,
)

JUDGE_FILE = "verifier-int8.onnx"
JUDGE_SHA256 = "ddd4e241e6e83a80c244fccfbe2201037953076c4911f88dc83d2a047b8d9448"
LONGEST_PAIR = 160  # tokens; the end of the evidence is left out
LONGEST_CLAIM_WORDS = 60


class MiniLmJudge:
    """A `Judge` that runs inside this process; one instance serves any number of threads.

    Args:
        threads: how many pairs are read side by side; None is one for each core, 8 at most.
        folder: where the model and the embedder's tokenizer lie.

    Raises:
        ProviderError: a file is missing, or is not the one this version was made with.
    """

    def __init__(self, *, threads: int | None = None, folder: Path | None = None) -> None:
        folder = folder or Path(__file__).parent
        self._threads = threads or min(os.cpu_count() or 1, MAX_THREADS)
        self._tokenizer = Tokenizer.from_file(verified(folder / TOKENIZER_FILE, TOKENIZER_SHA256))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST_PAIR, strategy="only_second")
        self._session = onnxruntime.InferenceSession(
            verified(folder / JUDGE_FILE, JUDGE_SHA256),
            session_options(),
            providers=["CPUExecutionProvider"],
        )

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """A judgement of each pair of claim and evidence, in their order."""
        if len(pairs) > 1 and self._threads > 1:
            with ThreadPoolExecutor(self._threads, thread_name_prefix="judge") as workers:
                return list(workers.map(self._judgement, pairs))
        return [self._judgement(pair) for pair in pairs]

    def _judgement(self, pair: tuple[str, str]) -> Judgement:
        claim = " ".join(encodable(pair[0]).split()[:LONGEST_CLAIM_WORDS])
        read = self._tokenizer.encode(claim, encodable(pair[1]))
        inputs = {
            "input_ids": np.array([read.ids], dtype=np.int64),
            "segments": np.array([read.type_ids], dtype=np.int64),
        }
        (logits,) = self._session.run(None, inputs)
        shares = np.exp(logits[0] - logits[0].max())
        said, beyond, against = (float(share) for share in shares / shares.sum())
        return Judgement(said, beyond, against)
