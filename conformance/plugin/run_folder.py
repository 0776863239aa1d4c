"""The folder of a run: created, or reused from an earlier run. No other folder is accepted."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.evidence import TRANSCRIPTS
from conformance.machine.lock import AlreadyLocked, Lock
from conformance.reporting.atomic_write import write_atomically
from conformance.reporting.escaping import json_text
from conformance.reporting.next_steps import REPRODUCTIONS
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
LOCK: Final = ".work-conformance.lock"
_NOTHING: Final = frozenset(
    {LOCK, "lost+found", ".gitkeep", ".keep", ".gitignore", ".gitattributes", ".DS_Store", ".localized", "Thumbs.db"}
    | {"desktop.ini", ".directory", "@eaDir", ".snapshot", ".Trash-1000", "System Volume Information", "$RECYCLE.BIN"}
)
"""Names that do not count as contents: new disks, repositories and file browsers create them."""


@dataclass(frozen=True, slots=True)
class TranscriptFolder:
    """The folder of a run's transcripts, and the run's zero on the clock in seconds since the epoch."""

    run_id: str
    transcripts: Path
    zero: float


class RunFolder:
    """A folder claimed by one run. No other run can claim it until it is released."""

    def __init__(self, path: Path, made: tuple[Path, ...], lock: Lock) -> None:
        self.path = path
        self._made = made
        self._lock = lock

    def release(self) -> None:
        """Release the folder for other runs; may be called more than once."""
        self._lock.release()

    def discard(self) -> None:
        """Remove what was created for a run that never began, and the folder too unless it is in use."""
        _clear(self.path)
        self.release()
        _remove_empty(self._made)


def _remove_empty(made: tuple[Path, ...]) -> None:
    for place in made:
        with contextlib.suppress(OSError):
            place.rmdir()


def claim_folder(folder: Path, run_id: str) -> RunFolder:
    """Prepare the folder for a run and mark it as this run's.

    Raises:
        ConfigurationError: the folder holds something that is not an earlier run, another run writes into it, or it
            cannot be written.
    """
    made: tuple[Path, ...] = ()
    try:
        made = _absent(folder)
        _check_free(folder)
        folder.mkdir(parents=True, exist_ok=True)
        lock = Lock(folder / LOCK)
        try:
            _check_free(folder)
            _clear(folder)
            write_json(folder / MARKER, {"format": RUN_FORMAT, "run": run_id})
        except BaseException:
            lock.release()
            raise
    except AlreadyLocked:
        raise ConfigurationError(
            f"--output {folder}: another run writes into this folder. Wait until it ends, or name another folder.",
            f"--output {folder}：另一次运行正在写入该目录。请等待其结束，或指定其他目录。",
        ) from None
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the name; a link that points to itself
        _remove_empty(made)
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"--output {folder}: the folder cannot be written ({why}). Name another folder.",
            f"--output {folder}：目录无法写入（{why}）。请指定其他目录。",
        ) from None
    return RunFolder(folder.resolve(), made, lock)


def _check_free(folder: Path) -> None:
    """Check that the folder holds only an earlier run, or files that file systems and file browsers create."""
    if not folder.is_dir():
        if folder.exists():
            raise ConfigurationError(
                f"--output {folder}: this is a file. Name a folder.",
                f"--output {folder}：这是一个文件。请指定目录。",
            )
        return
    if not is_run_folder(folder) and any(place.name not in _NOTHING for place in folder.iterdir()):
        raise ConfigurationError(
            f"--output {folder}: the folder contains files that are not from an earlier run. Name an empty folder.",
            f"--output {folder}：目录中有不属于先前运行的文件。请指定空目录。",
        )


def default_folder(run_id: str) -> Path:
    """Return `reports/<run id>` in the working directory."""
    return Path("reports") / run_id


def point_latest(folder: Path) -> None:
    """Point the link `latest` beside the folder at it, if the file system supports links."""
    link = folder.parent / "latest"
    fresh = folder.parent / f".latest-{folder.name}"
    try:
        fresh.symlink_to(folder.name, target_is_directory=True)
        fresh.replace(link)
    except OSError:
        fresh.unlink(missing_ok=True)


def is_run_folder(folder: Path) -> bool:
    """Return whether the folder carries the mark of an earlier run."""
    try:
        mark = json.loads((folder / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(mark, dict) and str(mark.get("format", "")).startswith("work-conformance-run/")


def write_json(path: Path, data: object) -> None:
    """Write a JSON file atomically."""
    write_atomically(path, json_text(data))


def _absent(folder: Path) -> tuple[Path, ...]:
    """Return the folder and its parents that do not exist yet, the innermost first."""
    place = Path.cwd() / folder
    return tuple(place for place in (place, *place.parents) if not place.exists())


def _clear(folder: Path) -> None:
    for name in _OURS:
        (folder / name).unlink(missing_ok=True)
    for name in (TRANSCRIPTS, REPRODUCTIONS):
        shutil.rmtree(folder / name, ignore_errors=True)
