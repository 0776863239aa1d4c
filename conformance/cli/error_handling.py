"""Maps every end of a command to a documented exit code.

Exit code 1 is a verdict ("non-conformant", "invalid"). Python and click would also use it for a crash, an
interruption or a full disk; these get other codes here.
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Final

import click

from conformance.cli.click_messages import translated_messages
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart
from conformance.machine.os_errors import os_error_text

EXIT_INTERRUPTED: Final = 3
EXIT_CRASHED: Final = 4


class report_os_errors:  # noqa: N801 - read as what it does
    """Turns operating system errors (files, folders, descriptors, memory) into CannotStart with one sentence.

    This happens before click handles the error, since click exits with 1 on a broken pipe.
    """

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        refused = None if error is None else os_error_text(error)
        if refused is not None:
            raise CannotStart(refused.in_(current_language())) from None
        if isinstance(error, OSError):
            raise _Unexpected from error


class _Unexpected(Exception):
    """Wraps an error that click would mistake for a closed pipe."""


class documented_exit_codes:  # noqa: N801 - read as what it does
    """Ends the process with a documented exit code when an exception would end it with another."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, click.ClickException):
            with translated_messages():
                error.show()
            raise SystemExit(error.exit_code) from None
        if isinstance(error, click.Abort | KeyboardInterrupt):
            click.echo(localize("Interrupted.", "已中断。"), err=True)
            raise SystemExit(EXIT_INTERRUPTED) from None
        if isinstance(error, Exception):
            traceback.print_exception(error, file=sys.stderr)
            click.echo(
                localize(
                    "Error in the suite itself. Please report the lines above to its maintainers.",
                    "套件自身出错。请将以上内容报告给维护者。",
                ),
                err=True,
            )
            raise SystemExit(EXIT_CRASHED) from None
