"""Functions of pdfium as they are called a hundred thousand times for a document."""

from __future__ import annotations

import ctypes
from typing import Any


def plain(function: Any, result: Any, *arguments: Any) -> Any:
    """A function of pdfium that takes and gives pointers as numbers: made once, half the time.

    One whose arguments are not told takes them as they are, pointers by reference: quicker yet.
    """
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    return ctypes.PYFUNCTYPE(result, *arguments)(address)
