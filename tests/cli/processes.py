"""Starts the command line as a user does: a process of its own, in a folder of its own, in a clean environment."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from conformance.emulator import Tokens
from tests.run_invariants.invariants import check_invariants

PATIENCE = 60.0
"""Seconds after which a process that should have ended long ago is killed, and its test fails."""

_OURS = re.compile(r"(QODER|WORK_CONFORMANCE|PYTEST|PY_COLORS|COV|.*_PROXY$|CI$)", re.IGNORECASE)

Lines = list[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A process that ended: code (negative for a signal), streams, seconds, and the most memory it held (KiB)."""

    code: int
    out: str
    err: str
    seconds: float
    max_rss: int
    folder: Path

    @property
    def last_line(self) -> str:
        """The last line of standard output."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def unwrapped(self) -> str:
        """Standard output with every wrapped sentence in one line."""
        return re.sub(r"\n {2,}(?:\| )?(?=\S)", " ", self.out)

    @cached_property
    def report(self) -> dict[str, Any]:
        """`report.json`."""
        data: dict[str, Any] = json.loads((self.folder / "report.json").read_text("utf-8"))
        return data

    @property
    def lines(self) -> Lines:
        """(scenario, requirement, verdict), sorted."""
        return sorted(lines_of(self.report))

    def kinds(self, level: str = "MUST") -> set[str]:
        """The verdicts of the requirements of a level."""
        return {entry["verdict"] for entry in requirements_of(self.report) if entry["level"] == level}

    def check_complete(self) -> None:
        """The invariants of a run are kept, and no verdict is lost or the suite's own trouble."""
        check_invariants(self.folder, self.code)
        assert self.report["result"]["lost_lines"] == []
        assert self.report["result"]["exit_code"] == self.code
        assert not [line for line in self.lines if line[2] == "suite-error"], self.out


def requirements_of(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every requirement of a report."""
    for chapter in report["chapters"]:
        yield from chapter["requirements"]


def lines_of(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every line of a report."""
    for requirement in requirements_of(report):
        for line in requirement["lines"]:
            yield line["scenario"], requirement["id"], line["verdict"]


def clean_environment(**variables: str) -> dict[str, str]:
    """This process's environment without anything that steers the suite or pytest, and what is given."""
    kept = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
    return {**kept, "LC_ALL": "C.UTF-8", **variables}


def tokens_environment(tokens: Tokens) -> dict[str, str]:
    """The emulator's four tokens as a user sets them."""
    return {
        "QODER_PAT": tokens.owner,
        "QODER_FORBIDDEN_PAT": tokens.forbidden,
        "QODER_FOREIGN_PAT": tokens.foreign,
        "QODER_EXPIRED_PAT": tokens.expired,
    }


class _Memory:
    """Watches the most memory that a process held, in KiB.

    What the system tells at the end counts what its parent held when it was started, so it is read while it lives.
    """

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._path = Path(f"/proc/{pid}/status")
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while (memory := self._memory()) is not None:
            self.peak = max(self.peak, memory)
            time.sleep(0.02)

    def _memory(self) -> int | None:
        try:
            lines = self._path.read_text().splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


class Running:
    """A process in a session of its own; a context manager that leaves nothing of it behind."""

    def __init__(
        self, command: list[str], cwd: Path, env: Mapping[str, str] | None = None, *, output: str = ""
    ) -> None:
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object
        self._err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._folder = cwd / output
        self._began = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=clean_environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )
        self._memory = _Memory(self.process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in self.members():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process.returncode is None:
            self.process.wait()
        self._out.close()
        self._err.close()

    def members(self) -> list[int]:
        """The processes of its session that still live, itself included."""
        return [pid for pid in live_processes() if _session(pid) == self.process.pid]

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._began

    def written(self) -> str:
        """What it has written to standard output up to now."""
        return os.pread(self._out.fileno(), 1 << 24, 0).decode("utf-8", "replace")

    def follow(self, words: str) -> None:
        """Return once it has written these words.

        Raises:
            AssertionError: it ended, or wrote nothing of the kind for a long time.
        """
        until("the words " + words, lambda: words in self.written() or self.process.poll() is not None)
        assert words in self.written(), self.wait().err

    def wait(self) -> Ended:
        """Wait for its end. Past the patience it is killed, which its code then tells."""
        killer = threading.Timer(PATIENCE, self.process.kill)
        killer.start()
        try:
            _, status = os.waitpid(self.process.pid, 0)
        finally:
            killer.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        seconds = self.seconds
        self._out.seek(0)
        self._err.seek(0)
        return Ended(
            code=self.process.returncode,
            out=self._out.read().decode("utf-8"),
            err=self._err.read().decode("utf-8"),
            seconds=seconds,
            max_rss=self._memory.peak,
            folder=self._folder,
        )


def start(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Running:
    """Start `work-conformance` with these arguments; the folder of its run is `--output`'s or the latest."""
    output = arguments[arguments.index("--output") + 1] if "--output" in arguments else "reports/latest"
    return Running([sys.executable, "-m", "conformance", *arguments], cwd, env, output=output)


def cli(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run `work-conformance` with these arguments to its end."""
    with start(*arguments, cwd=cwd, env=env) as running:
        return running.wait()


def until(what: str, holds: Callable[[], bool]) -> None:
    """Return once something holds that nothing announces.

    Raises:
        AssertionError: it does not come about.
    """
    deadline = time.monotonic() + PATIENCE / 3
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def live_processes() -> list[int]:
    """Every process of this machine that is not a zombie."""
    return [int(place.name) for place in Path("/proc").glob("[0-9]*") if _stat(int(place.name))[:1] not in ([], ["Z"])]


def command_line(pid: int) -> bytes:
    """How a process was called; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _session(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[3]) if fields else -1


def _stat(pid: int) -> list[str]:
    """What follows the name in /proc/<pid>/stat: state, parent, group, session and more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []
