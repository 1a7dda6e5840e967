import os

import pytest
from hypothesis import settings

settings.register_profile("tramontane", deadline=None, derandomize=True, max_examples=80)
settings.load_profile("tramontane")

VENDORS = ("MISTRAL_API_KEY", "SPACE_ID")


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own settings, and above all nobody's key, reach a test."""
    for name in os.environ:
        if name in VENDORS or (name.startswith("TRAMONTANE_") and name != "TRAMONTANE_EVAL_DIR"):
            monkeypatch.delenv(name)
