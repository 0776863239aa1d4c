"""What the run made, written down before it is made, so that even after a crash it can be found and removed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

Collection = Literal["environments", "agents", "sessions"]

SUITE_METADATA: Final = "work-conformance"
NAME_PREFIX: Final = "work-conformance-"
RUN_ID: Final = re.compile(rf"^{NAME_PREFIX}(?P<run>\d{{8}}T\d{{6}}-[0-9a-f]{{6}})-")


def new_run_id(now: datetime | None = None) -> str:
    """A run id: the time it began in UTC and six random hex digits."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"


def object_name(run_id: str, label: str) -> str:
    """The name of something that a run makes: recognisable, and unique within the account."""
    return f"{NAME_PREFIX}{run_id}-{label}"


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

    def intend(self, collection: Collection, name: str) -> None:
        """Before the create is sent."""
        self._append({"intend": collection, "name": name})

    def made(self, collection: Collection, name: str, object_id: str) -> None:
        """After its answer came, before its id is used."""
        self._append({"made": collection, "name": name, "id": object_id})

    def refused(self, collection: Collection, name: str) -> None:
        """The target answered that it made nothing."""
        self._append({"refused": collection, "name": name})

    def claim(self, environment_id: str, work_id: str | None) -> bool:
        """Take something that the suite did not make; False where any process of the run has taken it before."""
        mark = os.urandom(8).hex()
        self._append({"claim": mark, "environment": environment_id, "work": work_id})
        return self._claims()[(environment_id, work_id)] == mark

    def claimed(self) -> list[tuple[str, str | None]]:
        """What the run took, as (environment, work item), each once."""
        return list(self._claims())

    def read(self) -> list[Made]:
        """Everything that may exist, in the order of the intents. A torn last line is passed over."""
        ids: dict[tuple[Collection, str], str | None] = {}
        for entry in self._entries():
            if "intend" in entry:
                ids.setdefault((entry["intend"], entry["name"]), None)
            elif "made" in entry:
                ids[(entry["made"], entry["name"])] = entry["id"]
            elif "refused" in entry:
                ids.pop((entry["refused"], entry["name"]), None)
        return [Made(collection, name, object_id) for (collection, name), object_id in ids.items()]

    def _claims(self) -> dict[tuple[str, str | None], str]:
        """The mark of the first claim of each: the order of the lines is the same for every process."""
        first: dict[tuple[str, str | None], str] = {}
        for entry in self._entries():
            if "claim" in entry:
                first.setdefault((entry["environment"], entry["work"]), entry["claim"])
        return first

    def _entries(self) -> Iterable[dict[str, Any]]:
        if not self.path.exists():
            return
        for line in self.path.read_text("utf-8").splitlines():
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
