"""What a reader does about a failure: the fix, the command that judges it again, and where to read more.

Every format shows these beside a failure, so they are the same everywhere.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final, Protocol

from conformance.contract.catalogue import load_catalogue
from conformance.contract.common_mistakes import mistakes_of
from conformance.judging.verdict import Verdict
from conformance.reporting.remedies import Remedy, remedy_of_verdict
from conformance.target import DEFAULT_API_PREFIX
from conformance.text import Text

FIX: Final = Text("Fix", "修复建议")
LIKELY_FIX: Final = Text("Likely fix", "可能的修复")
"""The label of the most common fix, where the response does not show which mistake it is."""
RE_RUN: Final = Text("Re-run", "重新运行")
EXPLAIN: Final = Text("Explain", "详细说明")
REPRODUCE: Final = Text("Reproduce", "复现")

_EXPLORE_SECONDS: Final = "20"
"""How long a command explores that judges again what random requests found."""

REPRODUCTIONS: Final = "reproductions"
"""The subfolder of a run's folder with one reproduction script for each failing scenario."""


class JudgedServer(Protocol):
    """The server or worker of a run: its metadata or its target."""

    @property
    def base_url(self) -> str:
        """Where the server was reached."""

    @property
    def api_prefix(self) -> str:
        """The path of the API below it."""

    @property
    def rerun_options(self) -> tuple[str, ...]:
        """The words of a command line that sends to it in the same way."""

    @property
    def embedded(self) -> bool:
        """Whether it was the suite's own emulator."""

    @property
    def worker(self) -> str | None:
        """The command of the worker that was judged instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSteps:
    """What to do about one failure.

    - `fix`: the fix, which may contain text from the target. `sure`: it is right whatever the server's mistake is;
      otherwise it is that of the most common one.
    - `rerun_command`, `explain_command`: commands for a POSIX shell, without secrets.
    - `script`: path of the reproduction script, relative to the run's folder; None for a worker, whose requests are its
      own to repeat.
    """

    fix: Text
    sure: bool
    rerun_command: str
    explain_command: str
    script: str | None


def next_steps(verdict: Verdict, about: JudgedServer, found: Remedy | None = None) -> NextSteps:
    """Return what to do about a failed or warned verdict.

    `found` is the remedy of its root cause: other scenarios with this cause can show more than this one.

    Raises:
        KeyError: this version does not have the verdict's requirement.
    """
    requirement = verdict.line.requirement
    if found is None and verdict.failures:
        found = remedy_of_verdict(verdict)
    if found is None:
        found = Remedy(fix=mistakes_of(requirement)[0].fix, sure=False)
    return NextSteps(
        fix=found.fix,
        sure=found.sure,
        rerun_command=rerun_command(requirement, about),
        explain_command=f"work-conformance explain {requirement}",
        script=f"{REPRODUCTIONS}/{verdict.line.scenario}.sh" if about.worker is None else None,
    )


def rerun_command(requirement: str, about: JudgedServer) -> str:
    """Return the command that judges one requirement again; without a base URL, `run` starts the emulator."""
    profile = load_catalogue().profile_of(requirement)
    words = [] if profile == "ack" or about.worker is not None else ["--profile", profile]
    if load_catalogue().requirements[requirement].exercised == "on-request":
        words += ["--explore", _EXPLORE_SECONDS]
    return run_command(about, "--requirement", requirement, *words)


def run_command(about: JudgedServer, *options: str) -> str:
    """Return the command that judges the same server or worker, with these options."""
    command = "run" if about.worker is None else "worker"
    return shlex.join(["work-conformance", command, *options, *connection_words(about)])


def connection_words(about: JudgedServer) -> list[str]:
    """Return the options of a command that sends to the server in the same way, as words; the emulator has no address."""
    if about.worker is not None:
        return list(about.rerun_options)
    words = [*(() if about.embedded else ("--base-url", about.base_url)), *about.rerun_options]
    if "--api-prefix" not in words and about.api_prefix != DEFAULT_API_PREFIX:
        words += ["--api-prefix", about.api_prefix]  # a run of an earlier version has not saved the others
    return words
