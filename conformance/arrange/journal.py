"""What the run made, written down before it is made, so that even after a crash it can be found and removed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Collection = Literal["environments", "agents", "sessions"]


def new_run_id(now: datetime | None = None) -> str:
    """A run id: the time it began in UTC and six random hex digits."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"


@dataclass(frozen=True, slots=True)
class Made:
    """Something that a run set out to make. `id` is None where the answer was lost."""

    collection: Collection
    name: str
    id: str | None


class Journal:
    """An append-only file, one JSON object a line; several processes may append to it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0
        self._ids: dict[tuple[Collection, str], str | None] = {}
        self._claims: dict[tuple[str, str | None], str] = {}
        """The mark of the first claim of each: the order of the lines is the same for every process."""

    def intend(self, collection: Collection, name: str) -> None:
        """Before the create is sent."""
        self._append({"intend": collection, "name": name})

    def made(self, collection: Collection, name: str, object_id: str) -> None:
        """After its answer came, before its id is used."""
        self._append({"made": collection, "name": name, "id": object_id})

    def refused(self, collection: Collection, name: str) -> None:
        """The target answered that it made nothing."""
        self._append({"refused": collection, "name": name})

    def removed(self, made: Made) -> None:
        """It was removed before the run's end."""
        self._append({"removed": made.collection, "name": made.name})

    def session(self, session_id: object) -> Made | None:
        """The session of that id, where the run made it, in whichever process, and has not removed it."""
        known = (made for made in self.read() if made.collection == "sessions" and made.id is not None)
        return next((made for made in known if made.id == session_id), None)

    def claim(self, environment_id: str, work_id: str | None) -> bool:
        """Take something that the suite did not make; False where any process of the run has taken it before."""
        mark = os.urandom(8).hex()
        self._append({"claim": mark, "environment": environment_id, "work": work_id})
        self._read_on()
        return self._claims[(environment_id, work_id)] == mark

    def claimed(self) -> list[tuple[str, str | None]]:
        """What the run took, as (environment, work item), each once."""
        self._read_on()
        return list(self._claims)

    def read(self) -> list[Made]:
        """Everything that may exist, in the order of the intents. A torn last line is passed over."""
        self._read_on()
        return [Made(collection, name, object_id) for (collection, name), object_id in self._ids.items()]

    def _read_on(self) -> None:
        """Take in what any process has written since the last time."""
        for entry in self._entries():
            if "intend" in entry:
                self._ids.setdefault((entry["intend"], entry["name"]), None)
            elif "made" in entry:
                self._ids[(entry["made"], entry["name"])] = entry["id"]
            elif "refused" in entry or "removed" in entry:
                self._ids.pop((entry.get("refused") or entry["removed"], entry["name"]), None)
            elif "claim" in entry:
                self._claims.setdefault((entry["environment"], entry["work"]), entry["claim"])

    def _entries(self) -> Iterable[dict[str, Any]]:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._end)
            whole, newline, _ = file.read().rpartition(b"\n")  # what follows is not written out yet, or torn
        self._end += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def _append(self, entry: dict[str, str | None]) -> None:
        line = "\n" + json.dumps(entry) + "\n"  # after a line that was torn, this one begins anew
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            # One write: lines of several processes never mix. It outlives this process; that it outlives the machine
            # too would hold every conversation up for milliseconds, and `clean` finds things by their names as well.
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
