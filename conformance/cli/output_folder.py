"""Folders that a command is told to write into."""

from __future__ import annotations

from pathlib import Path

from conformance.cli.language import localize
from conformance.cli.options import CannotStart


def make_folder(option: str, folder: Path) -> None:
    """Make a folder that an option names, before anything is run for it.

    Raises:
        CannotStart: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror
        raise CannotStart(
            localize(
                f"{option} {folder}: the folder cannot be written ({why}).",
                f"{option} {folder}：目录无法写入（{why}）。",
            )
        ) from None
