"""The folder of a run: made, or taken over from an earlier run, and never anything else."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.reporting.safe import json_text
from conformance.reporting.whole import write_whole
from conformance.target import ConfigurationError

MARKER: Final = "run.json"
RUN_FORMAT: Final = "work-conformance-run/1"
_OURS: Final = (
    MARKER,
    "plan.json",
    "evidence.json",
    "workspace.json",
    "journal.jsonl",
    "report.json",
    "report.schema.json",
    "report.html",
    "junit.xml",
    "ctrf.json",
    "summary.md",
    "badge.svg",
    "badge.json",
    "waivers.toml",
)


@dataclass(frozen=True, slots=True)
class Conversations:
    """Where a run's transcripts lie, and when its clock stood at zero, in seconds since the epoch."""

    run_id: str
    transcripts: Path
    zero: float


def take(folder: Path, run_id: str) -> Path:
    """Make the folder ready for a run and mark it as this run's.

    Raises:
        ConfigurationError: it holds something that is not an earlier run, or cannot be written.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise ConfigurationError(
                f"--output {folder}: there is a file of that name; name a folder.",
                f"--output {folder}：存在同名文件；请指定目录。",
            )
        if folder.is_dir() and any(folder.iterdir()):
            if not is_run(folder):
                raise ConfigurationError(
                    f"--output {folder}: the folder holds something that is not an earlier run; name an empty one.",
                    f"--output {folder}：目录中有并非先前运行产生的内容；请指定空目录。",
                )
            _clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / MARKER, {"format": RUN_FORMAT, "run": run_id})
    except OSError as error:
        raise ConfigurationError(
            f"--output {folder}: the folder cannot be written ({error.strerror}).",
            f"--output {folder}：目录无法写入（{error.strerror}）。",
        ) from None
    return folder.resolve()


def default_folder(run_id: str) -> Path:
    """`reports/<run id>` below the working directory."""
    return Path("reports") / run_id


def point_latest(folder: Path) -> None:
    """Let `latest` beside the folder point at it, where the file system has links."""
    link = folder.parent / "latest"
    fresh = folder.parent / f".latest-{folder.name}"
    try:
        fresh.symlink_to(folder.name, target_is_directory=True)
        fresh.replace(link)
    except OSError:
        fresh.unlink(missing_ok=True)


def is_run(folder: Path) -> bool:
    """Whether an earlier run left its mark there."""
    try:
        mark = json.loads((folder / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(mark, dict) and str(mark.get("format", "")).startswith("work-conformance-run/")


def write_json(path: Path, data: object) -> None:
    """Write a JSON file whole."""
    write_whole(path, json_text(data))


def absent(folder: Path) -> tuple[Path, ...]:
    """The folder and those above it that are not there yet, the innermost first."""
    place = Path.cwd() / folder
    return tuple(place for place in (place, *place.parents) if not place.exists())


def discard(folder: Path, made: tuple[Path, ...]) -> None:
    """Take back the folder of a run that never began, and what was made for it, unless somebody uses it."""
    _clear(folder)
    with contextlib.suppress(OSError):
        for place in made:
            place.rmdir()


def _clear(folder: Path) -> None:
    for name in _OURS:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "transcripts", ignore_errors=True)
