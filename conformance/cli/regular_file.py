"""Reads a file that the user named: a regular one, and no more of it than is needed."""

from __future__ import annotations

from pathlib import Path

from conformance.cli.language import localize
from conformance.cli.options import CannotStart


def read_regular_file(path: Path, limit: int, *, option: str = "") -> bytes:
    """Return the file's bytes, and one more than `limit` if it is longer. A pipe or a device would never end.

    Raises:
        CannotStart: it is no regular file, or cannot be read; `option` names it in the message.
    """
    en, zh = (f"{option}: ", f"{option}：") if option else ("", "")
    try:
        if not path.is_file():
            raise CannotStart(
                localize(
                    f"{en}{path} is not a regular file; copy its content into one.",
                    f"{zh}{path} 不是普通文件；请将其内容复制到文件中。",
                )
            )
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        why = error.strerror
        raise CannotStart(localize(f"{en}{path} cannot be read ({why}).", f"{zh}无法读取 {path}（{why}）。")) from None
