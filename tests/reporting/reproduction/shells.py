"""Runs scripts with every POSIX shell of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from conformance.emulator import Tokens

SHELLS: Final = [name for name in ("dash", "bash", "busybox", "sh") if shutil.which(name)]
PAT: Final = "pt-Zq9xYw7K3dLmNoPqRs"


def command(shell: str) -> list[str]:
    return ["bash", "--posix"] if shell == "bash" else ["busybox", "sh"] if shell == "busybox" else [shell]


def run(shell: str, script: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script with these variables and no others."""
    return subprocess.run(
        [*command(shell), str(script)],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(script.parent)} | variables,
        cwd=script.parent,
        capture_output=True,
        timeout=240,
        check=False,
    )


def shell_of(shell: str, text: str, directory: Path, **variables: str) -> str:
    """Return what lines of shell print, without a message on stderr."""
    directory.mkdir(exist_ok=True)
    path = directory / "lines.sh"
    path.write_text(text, "utf-8")
    done = run(shell, path, **variables)
    assert done.stderr == b""
    assert [each.name for each in directory.iterdir()] == ["lines.sh"]
    return done.stdout.decode()


def secrets_of(tokens: Tokens) -> dict[str, str]:
    """Return the variables that the scripts need."""
    return {
        "QODER_PAT": tokens.owner,
        "QODER_FORBIDDEN_PAT": tokens.forbidden,
        "QODER_FOREIGN_PAT": tokens.foreign,
        "QODER_EXPIRED_PAT": tokens.expired,
    }
