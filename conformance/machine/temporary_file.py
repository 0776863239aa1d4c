"""A file without a name, for what passes between this process and one that it starts."""

from __future__ import annotations

import os
import tempfile
from typing import IO


def open_unnamed_file() -> IO[bytes]:
    """An empty file, open for reading and writing, gone once closed; in memory where no folder for it can be written.

    Raises:
        OSError: there is no way to have one.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError:
        if not hasattr(os, "memfd_create"):
            raise
        return os.fdopen(os.memfd_create("work-conformance"), "w+b")
