"""Reads the files of a registry from a folder or from an address."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from conformance.registry.errors import BrokenRegistry, UndecidedRegistry
from conformance.text import Text

_MISSING: Final = Text("The registry has no {name}.", "登记册中没有 {name}。")
_LINK: Final = Text(
    "{name} is a link or another special file; a registry has only regular files.",
    "{name} 是链接或不是普通文件；登记册中不应有。",
)
_UNREADABLE: Final = Text("{name} cannot be read ({why}).", "无法读取 {name}（{why}）。")
_LARGE: Final = Text("{name} is larger than {limit} bytes and was not read.", "{name} 超过 {limit} 字节，未予读取。")


class Source(Protocol):
    """Where the files of a registry are."""

    def read(self, name: str, limit: int) -> bytes:
        """Return the bytes of a file.

        Raises:
            BrokenRegistry: there is no such file.
            UndecidedRegistry: it cannot be read, or is larger than `limit`.
        """


class Folder:
    """A registry in a folder. Symbolic links in it are not followed: the suite writes none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str, limit: int) -> bytes:
        """Return the bytes of a file."""
        parts = PurePosixPath(name).parts
        for folder in (Path(*parts[:length]) for length in range(1, len(parts))):
            self._require(folder, stat.S_ISDIR, name)
        self._require(Path(name), stat.S_ISREG, name)
        try:
            with open(self._path / name, "rb", opener=_without_links) as file:
                content = file.read(limit + 1)
        except OSError as error:
            raise UndecidedRegistry(_UNREADABLE.format(name=name, why=error.strerror)) from None
        return within(name, content, limit)

    def _require(self, part: Path, right: Callable[[int], bool], name: str) -> None:
        try:
            mode = (self._path / part).lstat().st_mode
        except FileNotFoundError:
            raise missing(name) from None
        except OSError as error:
            raise UndecidedRegistry(_UNREADABLE.format(name=name, why=error.strerror)) from None
        if not right(mode):
            raise BrokenRegistry(_LINK.format(name=part.as_posix()))


def missing(name: str) -> BrokenRegistry:
    """Return the error for a file that is not there."""
    return BrokenRegistry(_MISSING.format(name=name))


def within(name: str, content: bytes, limit: int) -> bytes:
    """Return the content.

    Raises:
        UndecidedRegistry: it is larger than `limit`.
    """
    if len(content) > limit:
        raise UndecidedRegistry(_LARGE.format(name=name, limit=limit))
    return content


def _without_links(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))
