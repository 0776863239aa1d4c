"""Records every object before it is created, so that it can be found and removed even after a crash."""

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
    """Return a run id: the start time in UTC and six random hex digits."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"


@dataclass(frozen=True, slots=True)
class JournaledResource:
    """An object that a run set out to create. `id` is None if the response was lost."""

    collection: Collection
    name: str
    id: str | None


class Journal:
    """An append-only file with one JSON object per line; several processes may append to it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0
        self._ids: dict[tuple[Collection, str], str | None] = {}
        self._claims: dict[tuple[str, str | None], str] = {}
        """The mark of the first claim of each object: all processes see the lines in the same order."""
        self._pat_envs: dict[str, str] = {}
        self._deliveries: dict[tuple[str, str], str] = {}
        """The mark of the first delivery of each item that has not been removed since."""
        self._twice: dict[tuple[str, str], None] = {}

    def record_intent(self, collection: Collection, name: str) -> None:
        """Record a creation before its request is sent."""
        self._append({"intend": collection, "name": name})

    def record_created(self, collection: Collection, name: str, object_id: str) -> None:
        """Record a created object after its response, before its id is used."""
        self._append({"made": collection, "name": name, "id": object_id})

    def record_refused(self, collection: Collection, name: str) -> None:
        """Record that the target created nothing."""
        self._append({"refused": collection, "name": name})

    def record_removed(self, made: JournaledResource, item: tuple[str, str]) -> None:
        """Record that a session and its work item (environment, id) were removed before the end of the run."""
        environment_id, work_id = item
        self._append({"removed": made.collection, "name": made.name, "environment": environment_id, "work": work_id})

    def find_created_session(self, session_id: object) -> JournaledResource | None:
        """Return the session of that id, if any process of the run created it and it has not been removed."""
        known = (made for made in self.read() if made.collection == "sessions" and made.id is not None)
        return next((made for made in known if made.id == session_id), None)

    def claim(self, environment_id: str, work_id: str | None, pat_env: str | None = None) -> bool:
        """Claim an object that the suite did not create. Return False if a process of the run has claimed it before.

        `pat_env` is the variable with the token of its environment.
        """
        mark = os.urandom(8).hex()
        self._append({"claim": mark, "environment": environment_id, "work": work_id, "pat_env": pat_env})
        self._read_on()
        return self._claims[(environment_id, work_id)] == mark

    def record_delivery(self, environment_id: str, work_id: str) -> bool:
        """Record that a poll delivered an item. Return False if it was delivered to this run before."""
        mark = os.urandom(8).hex()
        self._append({"delivered": mark, "environment": environment_id, "work": work_id})
        self._read_on()
        return self._deliveries[(environment_id, work_id)] == mark

    def delivered_twice(self) -> KeysView[tuple[str, str]]:
        """Items that were delivered more than once, as (environment, work item), in the order of detection."""
        self._read_on()
        return self._twice.keys()

    def claimed(self) -> list[tuple[str, str | None]]:
        """Return the claimed objects, as (environment, work item), each once."""
        self._read_on()
        return list(self._claims)

    @property
    def pat_variables(self) -> dict[str, str]:
        """The variable with the token of each claimed object's environment, by environment."""
        self._read_on()
        return dict(self._pat_envs)

    def read(self) -> list[JournaledResource]:
        """Return every object that may exist, in the order of the intents. Skips an incomplete last line."""
        self._read_on()
        return [JournaledResource(collection, name, object_id) for (collection, name), object_id in self._ids.items()]

    def _read_on(self) -> None:
        """Read the lines that any process has appended since the last time."""
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
        """Add a delivery, the item's first or another one."""
        item = (entry["environment"], entry["work"])
        if self._deliveries.setdefault(item, entry["delivered"]) != entry["delivered"]:
            self._twice[item] = None

    def _entries(self) -> Iterable[dict[str, Any]]:
        whole, newline, _ = self._from(self._end).rpartition(b"\n")  # the rest is incomplete
        self._end += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def _append(self, entry: dict[str, str | None]) -> None:
        self._write(b"\n" + json.dumps(entry).encode() + b"\n")  # starts a new line after an incomplete one

    def _from(self, place: int) -> bytes:
        if not self.path.exists():
            return b""
        with self.path.open("rb") as file:
            file.seek(place)
            return file.read()

    def _write(self, line: bytes) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            # One write, so that lines of several processes never mix. There is no fsync: it would delay every scenario
            # by milliseconds, and after a machine crash `clean` also finds objects by their names.
            while line:  # a full disk may accept only the beginning and refuse the rest
                line = line[os.write(descriptor, line) :]
        finally:
            os.close(descriptor)


class JournalInMemory(Journal):
    """A journal without a folder, for objects that one process creates and removes at once."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._written = bytearray()

    def _from(self, place: int) -> bytes:
        return bytes(self._written[place:])

    def _write(self, line: bytes) -> None:
        self._written += line
