"""The web app, and the entry of a Hugging Face Space: `python app.py`."""

from __future__ import annotations

import logging
import sys

from rag.errors import RagError
from rag.settings import load_settings
from ui.server import run_server

MISUSE = 2


def main() -> None:
    """Serve until interrupted; what cannot work ends in one sentence and exit code 2."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        run_server(load_settings())
    except RagError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(MISUSE)


if __name__ == "__main__":
    main()
