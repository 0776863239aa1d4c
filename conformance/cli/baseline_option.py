"""Checks the folder that `--baseline` names before a command starts anything."""

from __future__ import annotations

from pathlib import Path

from conformance.cli.language import current_language
from conformance.cli.options import CannotStart
from conformance.target import ConfigurationError


def refuse_bad_baseline(folder: str | Path | None, output: str | Path | None) -> None:
    """Check that the folder has the evidence of an earlier run.

    Raises:
        CannotStart: it does not; the message says how to fix it.
    """
    if folder is None:
        return
    from conformance.plugin.baseline import check_baseline

    try:
        check_baseline(Path(folder), None if output is None else Path(output))
    except ConfigurationError as error:
        raise CannotStart(error.reason.in_(current_language())) from None
