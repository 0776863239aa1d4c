"""Reads the earlier run that `--baseline` names."""

from __future__ import annotations

from pathlib import Path

from conformance.evidence import EVIDENCE, BrokenEvidence, Evidence, read_evidence
from conformance.judging.baseline import Baseline
from conformance.target import ConfigurationError


def check_baseline(folder: Path, output: Path | None) -> Evidence:
    """Return the evidence of an earlier run. Judges nothing, and opens no connection.

    Raises:
        ConfigurationError: the folder has no evidence that can be judged, or `output` is the same folder.
    """
    try:
        is_run = (folder / EVIDENCE).is_file()
        same = output is not None and output.resolve() == folder.resolve()
    except (OSError, ValueError, RuntimeError):  # no access, a NUL in the name, a link that points to itself
        is_run = same = False
    if not is_run:
        raise ConfigurationError(
            f"--baseline {folder}: no finished run is in this folder. Name the folder of an earlier run, such as"
            " reports/latest.",
            f"--baseline {folder}：该目录中没有已结束的运行。请指定先前一次运行的目录，例如 reports/latest。",
        )
    if same:
        raise ConfigurationError(
            f"--baseline {folder}: --output names the same folder, whose run would be overwritten. Name another --output.",
            f"--baseline {folder}：--output 是同一目录，其中的运行会被覆盖。请用 --output 指定其他目录。",
        )
    try:
        return read_evidence(folder)
    except BrokenEvidence as error:
        raise ConfigurationError(
            f"--baseline {folder}: {error.reason.en} Name another run's folder, or omit --baseline.",
            f"--baseline {folder}：{error.reason.zh}请指定另一次运行的目录，或去掉 --baseline。",
        ) from None


def read_baseline(folder: Path | None, output: Path | None) -> Baseline | None:
    """Return the earlier run, judged again by this version with its own waivers; None if no folder is named.

    Raises:
        ConfigurationError: as `check_baseline`.
    """
    if folder is None:
        return None
    evidence = check_baseline(folder, output)
    about = evidence.metadata
    return Baseline(
        run_id=about.run_id,
        started_at=about.started_at,
        base_url=about.base_url,
        checks={line: evidence.judge_check(line).kind for line in evidence.checks},
    )
