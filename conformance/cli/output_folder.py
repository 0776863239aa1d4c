"""Creates the output folders of commands."""

from __future__ import annotations

from pathlib import Path

from conformance.cli.language import localize
from conformance.cli.options import CannotStart


def make_folder(option: str, folder: Path) -> None:
    """Create the folder that an option names, before the command does anything else.

    Raises:
        CannotStart: the folder cannot be created.
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
