"""Which of Mistral's tokenizers a model reads whose name does not show it, as its server tells.

vLLM and llama.cpp count the tokens of a text at `/tokenize`. One text that each family splits into
another number of tokens is enough to know them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rag.catalogue import OWN_SERVER, Tokenizer
from rag.models import tokenizer_of
from rag.providers.token_counts import told_count
from rag.token_families import count_for

# Words, accents, figures, code and other scripts: Tekken makes 80 tokens of it, SentencePiece 103.
SAMPLE = (
    "The quarterly revenue was 1,234.56 million euros, against 987 the year before.\n\n"
    "Où les fromages affinés mûrissent-ils ? Größenordnung: zwölf Prozent.\n"
    "    return [value for value in values if value is not None]\n"
    "Компания увеличила выручку. 会社の売上高は増加した。\n"
)
SPECIAL_TOKENS = 1  # the one that begins a text, which some servers count whatever is asked


def told_tokenizer(model: str, ask: Callable[[Mapping[str, object]], object]) -> str:
    """The family of a server's model by its own count, empty where the name says it already.

    `ask` sends a body to where the server counts a text, and gives what it answers. A server that
    has no such thing leaves the family unknown.
    """
    if tokenizer_of(model, OWN_SERVER) is not Tokenizer.UNKNOWN:
        return ""
    asked = {  # in the words of vLLM and llamafile, of llama.cpp, and of llama-cpp-python
        "model": model,
        "prompt": SAMPLE,
        "content": SAMPLE,
        "input": SAMPLE,
        "add_special_tokens": False,
        "add_special": False,
    }
    count = told_count(ask(asked))
    for family in (Tokenizer.TEKKEN, Tokenizer.V3):
        if count is not None and 0 <= count - count_for(family, [SAMPLE]) <= SPECIAL_TOKENS:
            return family
    return ""
