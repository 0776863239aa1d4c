"""What an earlier run did not pass, read from its report."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.judging.verdict import Line
from conformance.target import ConfigurationError


def unpassed_lines(place: Path) -> frozenset[Line]:
    """The lines of an earlier run that were not passed.

    Args:
        place: a run's folder, or its report.json.

    Raises:
        ConfigurationError: there is no report there, or it cannot be read.
    """
    path = place
    try:
        path = place / "report.json" if place.is_dir() else place
        report = json.loads(path.read_text("utf-8"))
        return frozenset(
            Line(line["scenario"], requirement["id"])
            for chapter in report["chapters"]
            for requirement in chapter["requirements"]
            for line in requirement["lines"]
            if line["verdict"] not in {"passed", "observed"}
        )
    except OSError as error:
        raise ConfigurationError(
            f"--failed-from: {path} cannot be read ({error.strerror}).",
            f"--failed-from：无法读取 {path}（{error.strerror}）。",
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigurationError(
            f"--failed-from: {path} is not a report of this suite.", f"--failed-from：{path} 不是本套件的报告。"
        ) from None
