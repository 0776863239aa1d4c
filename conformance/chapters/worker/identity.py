"""The Worker-ID: one for a worker's whole life, or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.chapters.worker.history import Sent, WorkerHistory
from conformance.scenario.model import Finding
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

_WORKER_ID: Final = "worker-id"


def stable_identity(view: TranscriptView) -> Iterator[Finding]:
    """One worker sends one Worker-ID: with every poll and ack, or with none."""
    history = WorkerHistory(view)
    history.require_polls()
    firsts: dict[str, Sent] = {}
    for sent in history.sent:
        first = firsts.setdefault(sent.worker, sent) if sent.operation == "poll" else firsts.get(sent.worker)
        if first is None:
            continue
        known, value = first.header(_WORKER_ID), sent.header(_WORKER_ID)
        required = sent.operation in {"poll", "ack"}
        if value != known and (required or value is not None):
            yield Finding(
                step=sent.step,
                expected=Text("Worker-ID: {value}", "Worker-ID: {value}").format(value=_shown(known)),
                actual=Text("Worker-ID: {value}", "Worker-ID: {value}").format(value=_shown(value)),
                blamed=(first.step,),
            )
            return


def sends_identity(view: TranscriptView) -> Iterator[Finding]:
    """Polls carry a Worker-ID."""
    history = WorkerHistory(view)
    history.require_polls()
    poll = history.operations("poll")[0]
    if not poll.header(_WORKER_ID):
        yield Finding(
            step=poll.step,
            expected=Text("a Worker-ID", "带 Worker-ID"),
            actual=Text("none was sent", "没有发送"),
        )


def _shown(value: str | None) -> str:
    return "-" if value is None else value[:80]
