"""The program that reads files: `python -m ingest.worker MEMORY_BYTES`.

`ingest.sandbox` starts it, watches it and ends it.
"""

from __future__ import annotations

import gc
import sys

gc.disable()  # for as long as modules are loaded, of which nothing is thrown away

from ingest.loaders.load import load  # noqa: E402
from ingest.rendering import page_image, render_page  # noqa: E402
from ingest.serving import serve  # noqa: E402
from rag.collecting import collect_seldom  # noqa: E402


def main() -> None:
    """Serve the process's own input and output; its argument is the memory allowed, in bytes."""
    collect_seldom()
    gc.enable()
    serve(load, {"image": page_image, "page": render_page}, int(sys.argv[1]))


if __name__ == "__main__":
    main()
