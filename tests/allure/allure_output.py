"""What a run wrote for Allure, read back as Allure reads it: JSON, and the files that it names."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.cli.processes import Ended, Running, cli

RESULTS = "allure-results"

Result = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Written:
    """A run that ended, and its folder of results."""

    ended: Ended
    folder: Path

    @cached_property
    def results(self) -> list[Result]:
        """Every result."""
        return [json.loads(path.read_text("utf-8")) for path in sorted(self.folder.glob("*-result.json"))]

    def of(self, verdict: str) -> list[Result]:
        """The results with that verdict as label."""
        return [result for result in self.results if label(result, "verdict") == verdict]

    @property
    def identities(self) -> set[tuple[str, str, str]]:
        """What Allure knows the results by."""
        return {(result["historyId"], result["testCaseId"], result["fullName"]) for result in self.results}

    @property
    def verdicts(self) -> list[tuple[str, str, str]]:
        """(scenario, requirement, verdict) by the labels, sorted as those of a report are."""
        return sorted(
            (label(result, "scenario"), label(result, "requirement"), label(result, "verdict"))
            for result in self.results
        )

    def text(self, attachment: Mapping[str, Any]) -> str:
        """An attachment's file."""
        path = self.folder / str(attachment["source"])
        return path.read_text("utf-8")

    def check_whole(self) -> None:
        """One result a line, each known by an identity of its own; no file is missing, left over or there twice."""
        lines = self.ended.lines
        assert self.verdicts == lines
        assert len({result["historyId"] for result in self.results}) == len(lines) > 0
        assert len({result["uuid"] for result in self.results}) == len(lines)
        shown = {attachment["source"] for result in self.results for attachment in attachments(result)}
        assert len({(self.folder / name).read_bytes() for name in shown}) == len(shown), "equal texts are one file"
        others = {"environment.properties", "categories.json"}
        files = {path.name for path in self.folder.iterdir() if not path.name.endswith("-result.json")}
        assert files == others | shown


def run(*options: str, cwd: Path, env: Mapping[str, str] | None = None) -> Written:
    """`work-conformance run` with Allure results."""
    ended = cli("run", "--output", "out", "--alluredir", RESULTS, *options, cwd=cwd, env=env)
    return Written(ended=ended, folder=cwd / RESULTS)


def plain_pytest(*options: str, cwd: Path, env: Mapping[str, str] | None = None) -> Ended:
    """The same with plain pytest, which gets `--alluredir` only where it is given."""
    command = [sys.executable, "-m", "pytest", "-p", "conformance.plugin", "--pyargs", "conformance"]
    with Running([*command, "--target-output=out", *options], cwd, env, output="out") as running:
        return running.wait()


def label(result: Result, name: str) -> str:
    """The one label of that name."""
    values = labels(result, name)
    assert len(values) == 1, name
    return values[0]


def labels(result: Result, name: str) -> list[str]:
    """Every label of that name."""
    return [str(entry["value"]) for entry in result["labels"] if entry["name"] == name]


def steps(part: Result) -> Iterator[Result]:
    """Every step, at whatever depth."""
    for step in part.get("steps", ()):
        yield step
        yield from steps(step)


def attachments(result: Result) -> Iterator[dict[str, Any]]:
    """Every attachment, at whatever depth."""
    for part in (result, *steps(result)):
        yield from part.get("attachments", ())
