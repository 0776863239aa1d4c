"""Records what a worker sends and what it gets, as the exchanges of a transcript, bounded and without the token."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from conformance.exchange import Body, Exchange, Header, Outcome, Request, Response
from conformance.redaction import Redactor
from conformance.target import Secret
from conformance.worker_harness.steps import step_of

MAX_EXCHANGES: Final = 2000
"""Requests that a scenario keeps; a worker that sends more is stopped."""

MAX_TEXT: Final = 8 << 10
"""Characters kept of a body, of a URL and of a header's value."""

MAX_HEADERS: Final = 50


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it arrived: `target` is path and query, `host` the address that it was sent to.

    `arrived` is on the machine's monotonic clock. `oversize` says that its body was longer than what was read.
    """

    method: str
    target: str
    headers: tuple[Header, ...]
    body: str | None
    host: str
    worker: str
    arrived: float
    oversize: bool = False

    def header(self, name: str) -> str | None:
        """Return the first value of the header of that name (lower case), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class Recorder:
    """The exchanges of one scenario, and a signal for whoever waits for the next one."""

    def __init__(self, token: str, epoch: float) -> None:
        self.redact: Final = Redactor([Secret(token, "${QODER_PAT}")])
        self.exchanges: list[Exchange] = []
        self.unkept = 0
        self._epoch = epoch
        self._steps: Counter[tuple[str, str]] = Counter()
        self._senders: set[str] = set()
        self._changed = asyncio.Event()

    @property
    def flooded(self) -> bool:
        """Whether more requests came than are kept."""
        return self.unkept > 0

    def has_sent(self, worker: str) -> bool:
        """Return whether a worker has sent a request."""
        return worker in self._senders

    def new_step(self, operation: str, worker: str) -> str:
        """Return the step of the next request of an operation: `poll.1`, or `second.poll.1` for another worker."""
        self._steps[operation, worker] += 1
        if worker not in self._senders:
            self._senders.add(worker)
            self.notify()
        return step_of(operation, worker, self._steps[operation, worker])

    def record(
        self,
        step: str,
        operation: str,
        incoming: Incoming,
        *,
        answer: tuple[int, tuple[Header, ...], str] | None,
        problem: str | None = None,
        outcome: Outcome = "ok",
    ) -> None:
        """Keep an exchange. Without an answer, `problem` says what the server did instead."""
        if len(self.exchanges) >= MAX_EXCHANGES:
            self.unkept += 1
        else:
            self.exchanges.append(
                Exchange(
                    step=step,
                    operation=operation,
                    request=self._request(incoming),
                    outcome=outcome,
                    invoked=incoming.arrived - self._epoch,
                    completed=time.monotonic() - self._epoch,
                    response=None if answer is None else _response(*answer),
                    problem=problem,
                )
            )
        self.notify()

    def notify(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()

    async def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds; return whether it does. It is looked at after each change."""
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or self.flooded:
                return condition()
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), min(left, _LOOK))
            except TimeoutError:
                continue
        return True

    def _request(self, incoming: Incoming) -> Request:
        return Request(
            method=incoming.method[:MAX_TEXT],
            url=self.redact(f"http://{incoming.host}{incoming.target[:MAX_TEXT]}"),
            headers=tuple(
                (self.redact(name[:MAX_TEXT]), self.redact(value[:MAX_TEXT]))
                for name, value in incoming.headers[:MAX_HEADERS]
            ),
            body=None if incoming.body is None else self.redact(incoming.body[:MAX_TEXT]),
        )


_LOOK: Final = 0.1
"""Seconds after which a condition is looked at in any case: it may depend on the time or on a process."""


def _response(status: int, headers: tuple[Header, ...], text: str) -> Response:
    return Response(status=status, headers=headers, body=Body(text=text, size=len(text.encode())))
