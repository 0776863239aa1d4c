"""What an earlier run did not pass, read from its report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.judging.verdict import PlannedCheck
from conformance.target import ConfigurationError


def read_unpassed_checks(place: Path) -> frozenset[PlannedCheck]:
    """The lines of an earlier run that were not passed, those without any verdict included.

    Args:
        place: a run's folder, or its report.json.

    Raises:
        ConfigurationError: there is no report there, or it cannot be read.
    """
    return _read(place)[0]


def is_fully_passed(place: Path) -> bool:
    """Whether an earlier run ended well and left nothing to be judged again but what had no occasion.

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
            f"--failed-from: {path} cannot be read ({error.strerror}).",
            f"--failed-from：无法读取 {path}（{error.strerror}）。",
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
