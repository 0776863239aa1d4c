"""Reads from a report which checks did not pass in an earlier run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.judging.verdict import PlannedCheck
from conformance.target import ConfigurationError


def read_unpassed_checks(place: Path) -> frozenset[PlannedCheck]:
    """Return the checks that did not pass in an earlier run, including those without a verdict.

    Args:
        place: a run's folder or its report.json.

    Raises:
        ConfigurationError: the report is missing or cannot be read.
    """
    return _read(place)[0]


def is_fully_passed(place: Path) -> bool:
    """Return whether an earlier run passed and left nothing to repeat except checks that were not exercised.

    Raises:
        ConfigurationError: as `read_unpassed_checks`.
    """
    return _read(place)[1]


def _read(place: Path) -> tuple[frozenset[PlannedCheck], bool]:
    path = place
    try:
        path = place / "report.json" if place.is_dir() else place
        report = json.loads(path.read_text("utf-8"))
        verdicts = _verdicts(report)
        lost = {PlannedCheck(line["scenario"], line["requirement"]): "lost" for line in report["result"]["lost_lines"]}
        unpassed = {line: kind for line, kind in (verdicts | lost).items() if kind not in {"passed", "observed"}}
        well = report["result"]["exit_code"] == 0 and set(unpassed.values()) <= {"not-exercised"}
        return frozenset(unpassed), well
    except OSError as error:
        raise ConfigurationError(
            f"--failed-from: {path} cannot be read ({error.strerror}). Name a run's folder or its report.json.",
            f"--failed-from：无法读取 {path}（{error.strerror}）。请指定一次运行的目录或其 report.json。",
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigurationError(
            f"--failed-from: {path} is not a report of this suite.", f"--failed-from：{path} 不是本套件的报告。"
        ) from None


def _verdicts(report: dict[str, Any]) -> dict[PlannedCheck, str]:
    return {
        PlannedCheck(line["scenario"], requirement["id"]): line["verdict"]
        for chapter in report["chapters"]
        for requirement in chapter["requirements"]
        for line in requirement["lines"]
    }
