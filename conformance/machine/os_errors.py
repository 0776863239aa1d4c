"""Describes errors of the operating system, which are errors neither of the suite nor of a target."""

from __future__ import annotations

import errno
import os
from typing import Final

from conformance.text import Text

_TOO_FEW: Final = Text(
    "The limit of open files is too low ({why}). Raise it (ulimit -n), or use a lower --concurrency.",
    "可同时打开的文件过少（{why}）。请提高上限（ulimit -n），或用 --concurrency 减少并发数。",
)
_MEMORY: Final = Text(
    "There is not enough memory. Free some, or use a lower --concurrency.",
    "内存不足。请释放内存，或用 --concurrency 减少并发数。",
)
_PLACE: Final = Text(
    "{place} cannot be used ({why}). Check that it exists, and check its permissions and the free disk space.",
    "无法使用 {place}（{why}）。请检查它是否存在、其权限和磁盘剩余空间。",
)
_OTHER: Final = Text(
    "The operating system refused an operation ({why}). Check disk space, permissions and limits.",
    "操作系统拒绝了所需的操作（{why}）。请检查磁盘空间、权限和各项限制。",
)


_OF_THE_NETWORK: Final = (ConnectionError, TimeoutError)


def os_error_text(error: BaseException) -> Text | None:
    """Return one sentence with a hint; None if the error does not come from the operating system."""
    if isinstance(error, MemoryError):
        return _MEMORY
    if not isinstance(error, OSError) or not _is_the_systems(error):
        return None
    why = error.strerror or str(error) or type(error).__name__
    if error.errno == errno.ENOMEM:
        return _MEMORY
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return _TOO_FEW.format(why=why)
    if error.filename is not None:
        name = error.filename
        place = os.fsencode(name).decode("utf-8", "backslashreplace") if isinstance(name, str | bytes) else name
        return _PLACE.format(place=place, why=why)
    return _OTHER.format(why=why)


def _is_the_systems(error: OSError) -> bool:
    """Return whether the system raised it for a file: `socket`, `ssl` and others have OSErrors of their own."""
    of_the_network = isinstance(error, _OF_THE_NETWORK) or type(error).__module__ != "builtins"
    return error.errno is not None and not of_the_network
