"""The folder of a run: made, or taken over from an earlier run, and never anything else."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.machine.lock import AlreadyLocked, Lock
from conformance.reporting.atomic_write import write_atomically
from conformance.reporting.escaping import json_text
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
"""What makes a folder no less empty: a new disk, a repository that keeps it, or a file browser leaves it behind."""


@dataclass(frozen=True, slots=True)
class TranscriptFolder:
    """Where a run's transcripts lie, and when its clock stood at zero, in seconds since the epoch."""

    run_id: str
    transcripts: Path
    zero: float


class RunFolder:
    """A folder taken for one run, which no other run may take until it is released."""

    def __init__(self, path: Path, made: tuple[Path, ...], lock: Lock) -> None:
        self.path = path
        self._made = made
        self._lock = lock

    def release(self) -> None:
        """Let others take it; may be called more than once."""
        self._lock.release()

    def discard(self) -> None:
        """Take back what was made for a run that never began, and the folder too unless somebody uses it."""
        _clear(self.path)
        self.release()
        _remove_empty(self._made)


def _remove_empty(made: tuple[Path, ...]) -> None:
    for place in made:
        with contextlib.suppress(OSError):
            place.rmdir()


def claim_folder(folder: Path, run_id: str) -> RunFolder:
    """Make the folder ready for a run and mark it as this run's.

    Raises:
        ConfigurationError: it holds something that is not an earlier run, another run writes into it, or it cannot be
            written.
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
            f"--output {folder}: another run writes into this folder; wait for its end, or name another one.",
            f"--output {folder}：另一次运行正在写入该目录；请等待其结束，或指定其他目录。",
        ) from None
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the name; a link that leads to itself
        _remove_empty(made)
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"--output {folder}: the folder cannot be written ({why}).",
            f"--output {folder}：目录无法写入（{why}）。",
        ) from None
    return RunFolder(folder.resolve(), made, lock)


def _check_free(folder: Path) -> None:
    """See that nothing lies there but an earlier run, or what file systems and their browsers put there."""
    if not folder.is_dir():
        if folder.exists():
            raise ConfigurationError(
                f"--output {folder}: there is a file of that name; name a folder.",
                f"--output {folder}：存在同名文件；请指定目录。",
            )
        return
    if not is_run(folder) and any(place.name not in _NOTHING for place in folder.iterdir()):
        raise ConfigurationError(
            f"--output {folder}: the folder holds something that is not an earlier run; name an empty one.",
            f"--output {folder}：目录中有并非先前运行产生的内容；请指定空目录。",
        )


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
    write_atomically(path, json_text(data))


def _absent(folder: Path) -> tuple[Path, ...]:
    """The folder and those above it that are not there yet, the innermost first."""
    place = Path.cwd() / folder
    return tuple(place for place in (place, *place.parents) if not place.exists())


def _clear(folder: Path) -> None:
    for name in _OURS:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "transcripts", ignore_errors=True)
