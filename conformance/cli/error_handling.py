"""Around every command: whatever it ends by becomes one of the documented exit codes.

1 is a verdict ("non-conformant", "does not hold"), and so is never the code of a crash, of an interruption or of a full
disk, as it would be in Python and in click.
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Final

import click

from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart
from conformance.machine.os_errors import refusal

EXIT_INTERRUPTED: Final = 3
EXIT_CRASHED: Final = 4


class report_os_errors:  # noqa: N801 - read as what it does
    """Says in a sentence what the machine refuses: files, folders, descriptors, memory.

    It raises CannotStart in its place, before click looks at it, which ends with 1 where a pipe is broken.
    """

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        refused = None if error is None else refusal(error)
        if refused is not None:
            raise CannotStart(refused.in_(current_language())) from None
        if isinstance(error, OSError):
            raise _Unexpected from error


class _Unexpected(Exception):
    """An error that click would take for a closed pipe."""


class documented_exit_codes:  # noqa: N801 - read as what it does
    """Ends the process with a documented code where an exception would end it with another."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, click.ClickException):
            error.show()
            raise SystemExit(error.exit_code) from None
        if isinstance(error, click.Abort | KeyboardInterrupt):
            click.echo(localize("Interrupted.", "已中断。"), err=True)
            raise SystemExit(EXIT_INTERRUPTED) from None
        if isinstance(error, Exception):
            traceback.print_exception(error, file=sys.stderr)
            click.echo(
                localize(
                    "The suite itself broke; please report these lines to its maintainers.",
                    "套件自身出错；请将以上内容报告给维护者。",
                ),
                err=True,
            )
            raise SystemExit(EXIT_CRASHED) from None
