"""Tells the user which values a worker needs that is started by hand. The token itself is in a file of its own."""

from __future__ import annotations

import atexit
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Final

from conformance.worker_harness.command import Assignment

_SECRET: Final = frozenset({"QODER_PAT", "QODER_ACCESS_TOKEN"})


def announce_to_user(scenario: str, assignment: Assignment) -> None:
    """Print the lines that set a worker's environment in a shell."""
    descriptor, name = tempfile.mkstemp(prefix="work-conformance-token-")
    atexit.register(Path(name).unlink, missing_ok=True)
    with os.fdopen(descriptor, "w") as file:
        file.write(assignment.token)
    lines = ["", f"# {scenario}"]
    for variable, value in assignment.variables.items():
        shown = f'"$(cat {shlex.quote(str(Path(name)))})"' if variable in _SECRET else shlex.quote(value)
        lines.append(f"export {variable}={shown}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
