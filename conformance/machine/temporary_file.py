"""A file without a name, to exchange data with a child process."""

from __future__ import annotations

import os
import tempfile
from typing import IO


def open_unnamed_file() -> IO[bytes]:
    """Return an empty file that disappears when closed; it is in memory if no folder is writable.

    Raises:
        OSError: neither is possible.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError:
        if not hasattr(os, "memfd_create"):
            raise
        return os.fdopen(os.memfd_create("work-conformance"), "w+b")
