"""The bare script is not made slower than it has to be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bare_script import IMPORTED
from tests.cli.processes import clean_environment


def test_it_imports_nothing_that_a_run_does_not_import(tmp_path: Path) -> None:
    words = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        " from conformance.cli import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", words, "run", "--chapter", "answer", "--output", "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=clean_environment())
    assert done.returncode == 0, done.stderr
    assert set(IMPORTED) <= set(done.stderr.split())
