from __future__ import annotations

import pytest

from rag.errors import NotFoundError
from rag.wiring import Application
from ui.chat import Choice, choose_scope


def test_without_a_document_what_is_still_read_is_named(application: Application) -> None:
    with pytest.raises(NotFoundError, match="There is no document to ask yet"):
        choose_scope(application, Choice())
    with pytest.raises(NotFoundError) as caught:
        choose_scope(application, Choice(), ["a.pdf", "b.pdf"])
    assert str(caught.value) == "Still being read: a.pdf, b.pdf. Ask again in a moment."
    with pytest.raises(NotFoundError, match=r"3\.pdf, 4\.pdf and 2 more\. Ask again"):
        choose_scope(application, Choice(), [f"{number}.pdf" for number in range(7)])
