"""Transcript files in a run's folder, through which its processes read each other's transcripts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path
from typing import Final

from conformance.evidence import TRANSCRIPTS
from conformance.exchange import Ending, Transcript
from conformance.reporting.atomic_write import write_atomically
from conformance.text import Text

_INTERVAL: Final = 0.02
_AWAKE: Final = 0.5
_PATIENCE: Final = 60.0
"""Maximum seconds between two transcripts of another process; after this, that process is no longer waited for."""


def transcript_file(folder: Path, scenario: str) -> Path:
    """Return `transcripts/<scenario>.json`; the scenario's name comes from the suite, never from the target."""
    return folder / TRANSCRIPTS / f"{scenario}.json"


def write_transcript(folder: Path, transcript: Transcript) -> None:
    """Write a transcript to the run's folder, where all processes find it."""
    path = transcript_file(folder, transcript.scenario)
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, transcript.dumps())


def as_suite_error(transcript: Transcript, error: OSError) -> Transcript:
    """Return the transcript to judge instead: a verdict cannot be verified without its transcript."""
    why = error.strerror or type(error).__name__
    reason = Text(f"the transcript could not be written ({why})", f"传输记录无法写入（{why}）")
    return replace(transcript, exchanges=(), ending=Ending(kind="inconclusive", reason=reason))


def read_transcript(folder: Path, scenario: str) -> Transcript | None:
    """Read what `write_transcript` wrote; None if the scenario did not finish."""
    try:
        return Transcript.from_json(json.loads(transcript_file(folder, scenario).read_text("utf-8")))
    except (OSError, ValueError):
        return None


async def wait_until_written(folder: Path, scenarios: Iterable[str]) -> None:
    """Return when the transcripts of these scenarios exist, or when no further one arrived for a minute."""
    waiting, since = set(scenarios), time.monotonic()
    while waiting and time.monotonic() - since < _PATIENCE:
        left = {name for name in waiting if not transcript_file(folder, name).exists()}
        since = since if left == waiting else time.monotonic()
        waiting = left
        await asyncio.sleep(_INTERVAL if left else 0)


def wait_for_transcript(transcript: Future[Transcript]) -> Transcript:
    """Wait for it, waking twice a second: Python handles another thread's signal only while it is awake."""
    while not transcript.done():
        wait((transcript,), timeout=_AWAKE)
    return transcript.result()
