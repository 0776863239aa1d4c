"""What the run made, written down before it is made, so that even after a crash it can be found and removed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, KeysView
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Collection = Literal["environments", "agents", "sessions"]


def new_run_id(now: datetime | None = None) -> str:
    """A run id: the time it began in UTC and six random hex digits."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"


@dataclass(frozen=True, slots=True)
class JournaledResource:
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
        self._pat_envs: dict[str, str] = {}
        self._deliveries: dict[tuple[str, str], str] = {}
        """The mark of the first delivery of each that has not been removed since."""
        self._twice: dict[tuple[str, str], None] = {}

    def record_intent(self, collection: Collection, name: str) -> None:
        """Before the create is sent."""
        self._append({"intend": collection, "name": name})

    def made(self, collection: Collection, name: str, object_id: str) -> None:
        """After its answer came, before its id is used."""
        self._append({"made": collection, "name": name, "id": object_id})

    def refused(self, collection: Collection, name: str) -> None:
        """The target answered that it made nothing."""
        self._append({"refused": collection, "name": name})

    def removed(self, made: JournaledResource, item: tuple[str, str]) -> None:
        """A session was removed before the run's end, and its work item (environment, id) with it."""
        environment_id, work_id = item
        self._append({"removed": made.collection, "name": made.name, "environment": environment_id, "work": work_id})

    def session(self, session_id: object) -> JournaledResource | None:
        """The session of that id, where the run made it, in whichever process, and has not removed it."""
        known = (made for made in self.read() if made.collection == "sessions" and made.id is not None)
        return next((made for made in known if made.id == session_id), None)

    def claim(self, environment_id: str, work_id: str | None, pat_env: str | None = None) -> bool:
        """Take something that the suite did not make; False where any process of the run has taken it before.

        `pat_env` is the variable that holds the token of its environment.
        """
        mark = os.urandom(8).hex()
        self._append({"claim": mark, "environment": environment_id, "work": work_id, "pat_env": pat_env})
        self._read_on()
        return self._claims[(environment_id, work_id)] == mark

    def deliver(self, environment_id: str, work_id: str) -> bool:
        """Note that a poll delivered an item; False where it was delivered to any process of the run before."""
        mark = os.urandom(8).hex()
        self._append({"delivered": mark, "environment": environment_id, "work": work_id})
        self._read_on()
        return self._deliveries[(environment_id, work_id)] == mark

    def delivered_twice(self) -> KeysView[tuple[str, str]]:
        """What was delivered more than once, as (environment, work item), in the order in which that was seen."""
        self._read_on()
        return self._twice.keys()

    def claimed(self) -> list[tuple[str, str | None]]:
        """What the run took, as (environment, work item), each once."""
        self._read_on()
        return list(self._claims)

    @property
    def pat_envs(self) -> dict[str, str]:
        """By environment of what the run took, the variable that holds its token."""
        self._read_on()
        return dict(self._pat_envs)

    def read(self) -> list[JournaledResource]:
        """Everything that may exist, in the order of the intents. A torn last line is passed over."""
        self._read_on()
        return [JournaledResource(collection, name, object_id) for (collection, name), object_id in self._ids.items()]

    def _read_on(self) -> None:
        """Take in what any process has written since the last time."""
        for entry in self._entries():
            if "intend" in entry:
                self._ids.setdefault((entry["intend"], entry["name"]), None)
            elif "made" in entry:
                self._ids[(entry["made"], entry["name"])] = entry["id"]
            elif "refused" in entry or "removed" in entry:
                self._ids.pop((entry.get("refused") or entry["removed"], entry["name"]), None)
                self._deliveries.pop((entry.get("environment", ""), entry.get("work", "")), None)
            elif "delivered" in entry:
                self._take_in(entry)
            elif "claim" in entry:
                self._claims.setdefault((entry["environment"], entry["work"]), entry["claim"])
                if entry.get("pat_env"):
                    self._pat_envs[entry["environment"]] = entry["pat_env"]

    def _take_in(self, entry: dict[str, Any]) -> None:
        """A delivery, the first of its item or another one."""
        item = (entry["environment"], entry["work"])
        if self._deliveries.setdefault(item, entry["delivered"]) != entry["delivered"]:
            self._twice[item] = None

    def _entries(self) -> Iterable[dict[str, Any]]:
        whole, newline, _ = self._from(self._end).rpartition(b"\n")  # what follows is not written out yet, or torn
        self._end += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def _append(self, entry: dict[str, str | None]) -> None:
        self._write(b"\n" + json.dumps(entry).encode() + b"\n")  # after a line that was torn, this one begins anew

    def _from(self, place: int) -> bytes:
        if not self.path.exists():
            return b""
        with self.path.open("rb") as file:
            file.seek(place)
            return file.read()

    def _write(self, line: bytes) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            # One write: lines of several processes never mix. It outlives this process; that it outlives the machine
            # too would hold every conversation up for milliseconds, and `clean` finds things by their names as well.
            while line:  # a full disk takes the beginning first, and refuses the rest
                line = line[os.write(descriptor, line) :]
        finally:
            os.close(descriptor)


class JournalInMemory(Journal):
    """For what one process makes and removes again at once: it takes no folder."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._written = bytearray()

    def _from(self, place: int) -> bytes:
        return bytes(self._written[place:])

    def _write(self, line: bytes) -> None:
        self._written += line
