"""The program that reads files: `python -m ingest.worker MEMORY_BYTES`.

`ingest.sandbox` starts it, watches it and ends it.
"""

from __future__ import annotations

import sys

from ingest.loaders.load import load
from ingest.rendering import page_image, render_page
from ingest.serving import serve


def main() -> None:
    """Serve the process's own input and output; its argument is the memory allowed, in bytes."""
    serve(load, {"image": page_image, "page": render_page}, int(sys.argv[1]))


if __name__ == "__main__":
    main()
