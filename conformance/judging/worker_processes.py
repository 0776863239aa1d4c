"""What is known of the worker processes of a scenario, beside their requests: whether they ran, and what they printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.exchange import ARRANGED_BY, SCRIPT, Transcript
from conformance.text import Text, join
from conformance.worker_harness.steps import sender_of

_WAITED: Final = Text(
    "the suite waited {n} s for its first request, and it was still running",
    "套件等待其首个请求 {n} 秒，其间它一直在运行",
)
_WAITED_BY_HAND: Final = Text(
    "the suite waited {n} s for the first request of a worker that is started by hand",
    "套件等待手动启动的 worker 的首个请求 {n} 秒",
)
_SILENT: Final = Text("it printed nothing", "它没有任何输出")
_NAMED: Final = Text("worker `{name}`: {words}", "worker `{name}`：{words}")


def is_of_worker(transcript: Transcript) -> bool:
    """Return whether a worker sent the requests of a transcript, so that the suite cannot repeat them."""
    return transcript.facts.get(ARRANGED_BY) == SCRIPT


def process_text(transcript: Transcript) -> Text | None:
    """Return what a reader must know of the processes to find out why requests are missing; None if that is nothing.

    How a process ended is part of the finding itself.
    """
    workers = _workers(transcript)
    if not workers:
        if not is_of_worker(transcript) or transcript.exchanges:
            return None
        return _WAITED_BY_HAND.format(n=_waited(transcript, ""))
    sentences = []
    for name, worker in workers.items():
        words = [*_sentences(transcript, name, worker)]
        if words:
            joined = join(Text("; ", "；"), words)
            sentences.append(_NAMED.format(name=name, words=joined) if name else joined)
    return join(Text("; ", "；"), sentences) if sentences else None


def last_output(transcript: Transcript) -> tuple[str, ...]:
    """Return the last lines that the processes printed, without the token, in their order."""
    return tuple(
        f"{name}: {line}" if name else line
        for name, worker in _workers(transcript).items()
        for line in worker["last_lines"]
    )


def _sentences(transcript: Transcript, name: str, worker: Mapping[str, Any]) -> Iterator[Text]:
    silent = not any(sender_of(exchange.step) == name for exchange in transcript.exchanges)
    ended = worker["exit_code"] is not None
    if silent and not ended:
        yield _WAITED.format(n=_waited(transcript, name))
    if (silent or ended) and not worker["last_lines"]:
        yield _SILENT


def _workers(transcript: Transcript) -> Mapping[str, Mapping[str, Any]]:
    return transcript.facts.get("workers", {}) if is_of_worker(transcript) else {}


def _waited(transcript: Transcript, name: str) -> str:
    """Return for how many seconds the suite waited, from the start to the end of the scenario."""
    facts = transcript.facts
    began = facts.get(f"{name}.started" if name else "started", 0.0)
    return f"{max(0.0, facts.get('over', began) - began):.0f}"
