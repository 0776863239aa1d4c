"""The transcripts of a run's folder, as far as they are there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from conformance.exchange import Transcript


def read_transcripts(folder: Path, scenarios: Iterable[str]) -> dict[str, Transcript]:
    """Transcripts by scenario. One that is missing or cannot be read is left out: the page then tells less."""
    found = {}
    for name in dict.fromkeys(scenarios):
        try:
            found[name] = Transcript.from_json(json.loads((folder / f"{name}.json").read_bytes()))
        except (OSError, ValueError, RecursionError):
            continue
    return found
