"""Turns an exception that no scenario expects into an ending.

One of the two places that catch every exception; `judging/judge.py` is the other one.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from conformance.exchange import Ending
from conformance.machine.os_errors import os_error_text
from conformance.text import Text

_LONGEST: Final = 300
"""Characters of the exception's own words."""

_T = TypeVar("_T")


async def or_suite_error(steps: Awaitable[_T], redact: Callable[[str], str]) -> _T | Ending:
    """Return what the steps return, or the ending that an exception of theirs means.

    `redact` removes tokens from the words of the exception. A lack of disk space or of file descriptors is
    `inconclusive`; every other exception is a `suite-error`.
    """
    try:
        return await steps
    except Exception as error:  # noqa: BLE001 - the suite's own trouble is recorded as such, never the target's
        return _ending(error, redact)


def _ending(error: Exception, redact: Callable[[str], str]) -> Ending:
    refused = os_error_text(error)
    if refused is not None:
        return Ending(kind="inconclusive", reason=refused)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.name}:{frame.lineno}"
    what = redact(f"{type(error).__name__}: {error}")[:_LONGEST]
    return Ending(
        kind="suite-error", reason=Text(f"the suite failed in {where}: {what}", f"套件在 {where} 出错：{what}")
    )
