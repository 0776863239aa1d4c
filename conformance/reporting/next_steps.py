"""What a reader does about a failure: the fix, the command that judges it again, and where to read more.

Every format shows these beside a failure, so they are the same everywhere.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from conformance.contract.common_mistakes import Mistake, likely_cause, mistakes_of, rank_by_symptom
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import Verdict
from conformance.text import Text

FIX: Final = Text("Fix", "修复建议")
LIKELY_FIX: Final = Text("Likely fix", "可能的修复")
"""The label of the most common fix, where the response does not show which mistake it is."""
RE_RUN: Final = Text("Re-run", "重新运行")
EXPLAIN: Final = Text("Explain", "详细说明")
REPRODUCE: Final = Text("Reproduce", "复现")

REPRODUCTIONS: Final = "reproductions"
"""The subfolder of a run's folder with one reproduction script for each failing scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSteps:
    """What to do about one failure.

    - `fix`: the likely fix. `sure`: the response shows this very mistake; otherwise it is the most common one.
    - `re_run`, `explain`: commands for a POSIX shell, without secrets.
    - `script`: path of the reproduction script, relative to the run's folder.
    """

    fix: Text
    sure: bool
    re_run: str
    explain: str
    script: str


def next_steps(verdict: Verdict, about: RunMetadata) -> NextSteps:
    """Return what to do about a failed or warned verdict.

    Raises:
        KeyError: this version does not have the verdict's requirement.
    """
    requirement = verdict.line.requirement
    mistake, sure = likely_mistake(verdict)
    return NextSteps(
        fix=mistake.fix,
        sure=sure,
        re_run=re_run(requirement, about),
        explain=f"work-conformance explain {requirement}",
        script=f"{REPRODUCTIONS}/{verdict.line.scenario}.sh",
    )


def re_run(requirement: str, about: RunMetadata) -> str:
    """Return the command that judges one requirement again; without a base URL, `run` starts the emulator."""
    words = ["work-conformance", "run", "--requirement", requirement]
    if not about.embedded:
        words += ["--base-url", about.base_url]
    return shlex.join(words)


def likely_mistake(verdict: Verdict) -> tuple[Mistake, bool]:
    """Return the mistake that a violation shows, or the most similar common one, and which of the two it is."""
    requirement = verdict.line.requirement
    symptom = verdict.failures[0].actual.en if verdict.failures else ""
    found = likely_cause(requirement, symptom)
    if found is not None:
        return found, True
    return rank_by_symptom(mistakes_of(requirement), symptom)[0], False
