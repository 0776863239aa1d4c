"""The transcripts of a run as files in its folder, where its processes find each other's."""

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
"""Seconds from one transcript of another process to the next, after which that process is no longer waited for."""


def transcript_file(folder: Path, scenario: str) -> Path:
    """`transcripts/<scenario>.json`; the name is the suite's own, never the target's."""
    return folder / TRANSCRIPTS / f"{scenario}.json"


def write_transcript(folder: Path, transcript: Transcript) -> None:
    """Write a transcript where its process, and the others, find it."""
    path = transcript_file(folder, transcript.scenario)
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, transcript.dumps())


def as_suite_error(transcript: Transcript, error: OSError) -> Transcript:
    """What is judged in its place: nobody could hold the verdicts against a transcript that is not there."""
    why = error.strerror or type(error).__name__
    reason = Text(f"the transcript could not be written ({why})", f"记录无法写入（{why}）")
    return replace(transcript, exchanges=(), ending=Ending(kind="inconclusive", reason=reason))


def read_transcript(folder: Path, scenario: str) -> Transcript | None:
    """What `write_transcript` wrote; None where the conversation was not held to its end."""
    try:
        return Transcript.from_json(json.loads(transcript_file(folder, scenario).read_text("utf-8")))
    except (OSError, ValueError):
        return None


async def wait_until_written(folder: Path, scenarios: Iterable[str]) -> None:
    """Return when the transcripts of these scenarios are there, or no further one came for a minute."""
    waiting, since = set(scenarios), time.monotonic()
    while waiting and time.monotonic() - since < _PATIENCE:
        left = {name for name in waiting if not transcript_file(folder, name).exists()}
        since = since if left == waiting else time.monotonic()
        waiting = left
        await asyncio.sleep(_INTERVAL if left else 0)


def wait_for_transcript(transcript: Future[Transcript]) -> Transcript:
    """Wait for it, awake twice a second: Python handles a signal that came to another thread only when it is awake."""
    while not transcript.done():
        wait((transcript,), timeout=_AWAKE)
    return transcript.result()
