"""What a reader does about a failure: the fix, the command that judges it again, and where to read more.

Every format shows these beside a failure, so they are the same everywhere.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final, Protocol

from conformance.contract.catalogue import load_catalogue
from conformance.contract.common_mistakes import Mistake, likely_cause, mistakes_of, rank_by_symptom
from conformance.judging.verdict import Failure, Verdict
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

    - `fix`: the likely fix. `sure`: the response shows this very mistake; otherwise it is the most common one.
    - `rerun_command`, `explain_command`: commands for a POSIX shell, without secrets.
    - `script`: path of the reproduction script, relative to the run's folder; None for a worker, whose requests are its
      own to repeat.
    """

    fix: Text
    sure: bool
    rerun_command: str
    explain_command: str
    script: str | None


def next_steps(verdict: Verdict, about: JudgedServer, shown_mistake: tuple[Mistake, bool] | None = None) -> NextSteps:
    """Return what to do about a failed or warned verdict.

    `shown_mistake` is that of its root cause: other scenarios with this cause can show more than this one.

    Raises:
        KeyError: this version does not have the verdict's requirement.
    """
    requirement = verdict.line.requirement
    failures = verdict.failures
    mistake, sure = shown_mistake or likely_mistake(
        requirement, failures[0] if failures else None, verdict.line.scenario
    )
    return NextSteps(
        fix=mistake.fix,
        sure=sure,
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


def likely_mistake(requirement: str, failure: Failure | None, scenario: str = "") -> tuple[Mistake, bool]:
    """Return the mistake that a violation shows, or else the most similar common one, and whether it shows it.

    `scenario` is the scenario that shows it, or the common beginning of several.
    """
    symptom = failure.actual.en if failure is not None else ""
    seen = [symptom, scenario]
    if failure is not None and failure.pointer:
        seen += [f"{failure.pointer}: {symptom}", f"schema:{failure.keyword}"]
    found = likely_cause(requirement, *seen)
    if found is not None:
        return found, True
    return rank_by_symptom(mistakes_of(requirement), symptom)[0], False
