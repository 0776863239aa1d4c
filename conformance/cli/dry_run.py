"""`run --dry-run`: prints the plan and its cost, and opens no connection."""

from __future__ import annotations

import click
import pytest

from conformance.cli.line_output import columns, echo_lines
from conformance.cli.plan_text import EMBEDDED, WHOLE_PLAN, announcement, nothing_selected, plan_by_chapter, plan_lines
from conformance.judging.exit_code import EXIT_CANNOT_START
from conformance.judging.plan import cost
from conformance.plugin.nodes import RequirementItem
from conformance.reporting.wrapping import wrap
from conformance.settings import Settings
from conformance.text import Lang


class DryRun:
    """A pytest plugin that prints the plan and opens no connection."""

    def __init__(self, lang: Lang, settings: Settings, *, verbose: bool = False) -> None:
        self._lang = lang
        self._settings = settings
        self._verbose = verbose

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Print the plan, in full or by chapter, and then its cost."""
        items = [item for item in session.items if isinstance(item, RequirementItem)]
        lines = [item.line for item in items]
        if self._verbose:
            echo_lines(plan_lines(lines))
        elif lines:
            echo_lines([*plan_by_chapter(lines, self._lang), "", WHOLE_PLAN.in_(self._lang)])
        if lines:
            total = cost(
                lines,
                writes_per_second=self._settings.limits.writes_per_second,
                arranged_by=self._settings.arrange_config.mode,
                repeat=self._settings.repeat,
                explore=self._settings.limits.explore,
                race_repeat=self._settings.race_repeat,
            )
            host = self._settings.target().host if self._settings.base_url else EMBEDDED
            echo_lines(wrap(announcement(host, total, checks=len(lines)).in_(self._lang), columns()))

    def exit_code(self, pytest_code: int) -> int:
        """Return 0 if there is a plan, 2 if it is empty."""
        if pytest_code == pytest.ExitCode.OK:
            return 0
        if pytest_code == pytest.ExitCode.NO_TESTS_COLLECTED:
            click.echo(nothing_selected(self._settings.profile).in_(self._lang), err=True)
        return EXIT_CANNOT_START
