"""What the moderation of La Plateforme replies."""

from __future__ import annotations

from typing import Any

CATEGORIES = (
    *("sexual", "hate_and_discrimination", "violence_and_threats", "dangerous", "criminal"),
    *("selfharm", "health", "financial", "law", "pii", "jailbreaking"),
)


def judged(*over: str) -> dict[str, Any]:
    """The categories of a text; those that are named are over their thresholds."""
    names = dict.fromkeys((*CATEGORIES, *over))
    found = {
        "categories": {name: name in over for name in names},
        "category_scores": {name: 0.9 if name in over else 0.01 for name in names},
    }
    return {"id": "m-1", "model": "mistral-moderation-2603", "results": [found]}
