"""Writes the page of a comparison to the file that the user named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli.language import localize
from conformance.cli.options import CannotStart
from conformance.cli.output_folder import make_folder

if TYPE_CHECKING:
    from conformance.comparison.compare import Comparison
    from conformance.evidence import Evidence
    from conformance.text import Lang


def check_page_file(file: Path, folders: tuple[Path, ...]) -> None:
    """Check, before anything is judged, that the page can take this place; its folder is created.

    Raises:
        CannotStart: it is a folder or a file of one of the runs, or its folder cannot be created.
    """
    if file.is_dir():
        raise CannotStart(
            localize(f"--html {file}: this is a folder. Name a file.", f"--html {file}：这是一个目录。请指定文件。")
        )
    make_folder("--html", file.parent)
    inside = any(file.resolve().is_relative_to(folder.resolve()) for folder in folders)
    if inside and file.exists():
        raise CannotStart(
            localize(
                f"--html {file}: this file belongs to one of the runs. Name another file.",
                f"--html {file}：该文件属于其中一次运行。请指定其他文件。",
            )
        )


def write_page(
    comparison: Comparison, evidence: tuple[Evidence, Evidence], folders: tuple[Path, Path], file: Path, lang: Lang
) -> None:
    """Write the page.

    Raises:
        CannotStart: the file cannot be written.
    """
    from conformance.reporting.atomic_write import write_atomically
    from conformance.reporting.html.comparison_page import comparison_page
    from conformance.reporting.html.comparison_view import ComparedRun

    a, b = (
        ComparedRun(about=each.metadata, transcripts=each.transcripts, folder=folder)
        for each, folder in zip(evidence, folders, strict=True)
    )
    try:
        write_atomically(file, comparison_page(comparison, a, b, file, lang))
    except OSError as error:
        why = error.strerror
        raise CannotStart(
            localize(f"--html {file} cannot be written ({why}).", f"--html {file} 无法写入（{why}）。")
        ) from None
