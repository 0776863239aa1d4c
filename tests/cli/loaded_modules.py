"""Which libraries a command imports: seconds depend on the machine, imports do not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

_PROGRAM = (
    "import atexit, sys; from conformance.cli import main;"
    " atexit.register(lambda: print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr));"
    " main(sys.argv[1:], prog_name='work-conformance')"
)


def loaded_by(*arguments: str, env: Mapping[str, str] | None = None, begins: str = "") -> set[str]:
    """Return the modules, outermost packages only, that a fresh interpreter has loaded at the end of a command.

    `begins` is the beginning of what the command prints.
    """
    command = [sys.executable, "-c", _PROGRAM, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(begins), done.stdout[:200]
    return set(done.stderr.split())
