"""What a worker sent, as the checks read it: by item, with the delivery that each request follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from conformance.exchange import UNKEPT_FACT, Exchange, Transcript
from conformance.scenario.transcript_view import (
    Blocked,
    CannotJudge,
    NotExercised,
    NotTriggered,
    SuiteError,
    TranscriptView,
)
from conformance.text import Text
from conformance.worker_harness.steps import sender_of

POLLS: Final = "worker.poll.polls"
ACKS: Final = "worker.ack.first"
STOPS: Final = "worker.stop.after-job"
OWN_ITEMS: Final = "worker.stop.own-items"
RATES: Final = "worker.rate.limits"

NULL: Final = "worker.poll.null"
_BEARER: Final = "worker.token.bearer"
_IDS: Final = "worker.ids.as-given"
GOES_ON: Final = "worker.legal.connections"
RETRIES: Final = "worker.retry.goes-on"
_POLL_CAUSES: Final = {
    400: "worker.poll.parameters",
    401: _BEARER,
    404: _IDS,
    429: RETRIES,
    503: RETRIES,
    None: GOES_ON,
    200: NULL,
}
"""The requirement that a worker violates that gets no item, by the status of its last poll; None is a lost answer."""

_ACK_CAUSES: Final = {401: _BEARER, 404: _IDS, 409: "worker.identity.stable", None: GOES_ON}
"""The same for a worker whose last ack of an item has this status, where the script did not refuse it."""

STOP_CAUSES: Final = {401: _BEARER, 404: _IDS}
"""The same for a worker whose last stop of an item was refused with this status."""

JOB_OPERATIONS: Final = frozenset({"heartbeat", "session"})
"""What a worker sends only while it runs a job."""

ITEM_OPERATIONS: Final = frozenset({"ack", "heartbeat", "stop", "update", "get"})

TOO_MANY: Final = 429

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

NEVER_POLLED: Final = Text("the worker never polled", "worker 从未 poll")
_NO_DELIVERY: Final = Text("no poll received an item", "没有 poll 收到 item")


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of a worker. `item` is the work id that it is about; for a session's, that of its item."""

    exchange: Exchange
    worker: str
    item: str | None

    @property
    def step(self) -> str:
        """Its step in the transcript."""
        return self.exchange.step

    @property
    def operation(self) -> str:
        """Its operation."""
        return self.exchange.operation

    @property
    def at(self) -> float:
        """When it arrived, in seconds."""
        return self.exchange.invoked

    @property
    def answered(self) -> float:
        """When its answer was sent, in seconds."""
        return self.exchange.completed

    @property
    def status(self) -> int | None:
        """The status that the worker received; None if the answer was lost."""
        return self.exchange.response.status if self.exchange.response is not None else None

    @property
    def is_refused(self) -> bool:
        """Whether the server refused it for good, so that it changed nothing: a 4xx other than 429."""
        return self.status is not None and 400 <= self.status < 500 and self.status != TOO_MANY

    @property
    def value(self) -> dict[str, Any]:
        """The JSON object that it received; empty if there was none."""
        body = self.exchange.response.json() if self.exchange.response is not None else None
        return body if isinstance(body, dict) else {}

    @property
    def query(self) -> dict[str, str]:
        """Its query parameters."""
        return dict(parse_qsl(urlsplit(self.exchange.request.url).query, keep_blank_values=True))

    @property
    def is_read(self) -> bool:
        """Whether it only reads."""
        return self.exchange.request.method in READS

    def header(self, name: str) -> str | None:
        """Return the first value of a header of the request (any case), or None."""
        return next((value for key, value in self.exchange.request.headers if key.lower() == name), None)


class WorkerHistory:
    """Everything that the workers of a scenario sent, in the order of arrival."""

    def __init__(self, view: TranscriptView, *, flooded: bool = False) -> None:
        """Read a transcript; with `flooded`, also one of a worker that sent more than the transcript keeps.

        Raises:
            CannotJudge: the scenario did not run to its end.
            Blocked: the worker sent more than is kept.
        """
        transcript = view.transcript
        _require_whole(transcript)
        if transcript.facts[UNKEPT_FACT] and not flooded:
            raise Blocked(RATES, Text("the worker sent too many requests", "worker 发送的请求过多"))
        self.transcript = transcript
        sessions = transcript.facts["sessions"]
        items = transcript.facts["items"]
        self._item_of_session = {sessions[name]: items[name] for name in items}
        self.sent = [self._read(exchange) for exchange in transcript.exchanges]

    def operations(self, *names: str) -> list[Sent]:
        """Return the requests of these operations."""
        return [sent for sent in self.sent if sent.operation in names]

    def on_item(self, item: str, *names: str) -> list[Sent]:
        """Return the requests about an item, all or those of these operations."""
        return [sent for sent in self.sent if sent.item == item and (not names or sent.operation in names)]

    def stops(self, item: str) -> list[Sent]:
        """Return the stops of an item, without those that the server refused."""
        return [stop for stop in self.stop_attempts(item) if not stop.is_refused]

    def stop_attempts(self, item: str) -> list[Sent]:
        """Return the stops of an item, without those that a worker sends only because the suite ends it."""
        return [stop for stop in self.on_item(item, "stop") if stop.at <= self.over]

    def require_stops(self, item: str) -> list[Sent]:
        """Return the stops of an item, without those that the server refused.

        Raises:
            Blocked: the server refused all of them.
        """
        sent, accepted = self.stop_attempts(item), self.stops(item)
        if sent and not accepted:
            cause = STOP_CAUSES.get(sent[-1].status or 0, STOPS)
            raise Blocked(cause, Text("every stop was refused", "所有 stop 都被拒绝"))
        return accepted

    @property
    def deliveries(self) -> list[Sent]:
        """The polls that received an item; `delivered_item` says which."""
        return [sent for sent in self.operations("poll") if delivered_item(sent) is not None]

    @property
    def delivered(self) -> list[str]:
        """The ids of the delivered items, each once, in order."""
        return list(dict.fromkeys(item for sent in self.deliveries if (item := delivered_item(sent)) is not None))

    def require_polls(self) -> None:
        """Check that a worker polled.

        Raises:
            Blocked: none did, which is that requirement's failure.
        """
        if not self.operations("poll"):
            raise Blocked(POLLS, NEVER_POLLED)

    def require_delivery(self) -> list[str]:
        """Return the ids of the delivered items.

        Raises:
            Blocked: no worker polled.
            CannotJudge: no poll received an item.
        """
        self.require_polls()
        if not self.delivered:
            cause = _POLL_CAUSES.get(self.operations("poll")[-1].status)
            raise CannotJudge(_NO_DELIVERY) if cause is None else Blocked(cause, _NO_DELIVERY)
        return self.delivered

    def no_occasion(self, en: str, zh: str) -> NotTriggered | Blocked:
        """Return why a requirement's occasion did not come about: the server refused all polls, or otherwise."""
        refused = {poll.status for poll in self.operations("poll")}
        if refused in ({401}, {404}):
            return Blocked(_POLL_CAUSES[refused.pop()], Text(en, zh))
        return not_triggered(en, zh)

    def first_ack(self, item: str, worker: str | None = None) -> Sent | None:
        """Return the first ack of an item, by any or one worker, that was answered with 200."""
        acks = (ack for ack in self.on_item(item, "ack") if worker is None or ack.worker == worker)
        return next((ack for ack in acks if ack.status == 200), None)

    def require_ack(self, item: str) -> Sent:
        """Return the first successful ack of an item.

        Raises:
            Blocked: the item was not acked.
        """
        ack = self.first_ack(item)
        if ack is None:
            tried = self.operations("ack")
            cause = _ACK_CAUSES.get(tried[-1].status, ACKS) if tried else ACKS
            raise Blocked(cause, Text("the item was never acked", "item 从未被 ack"))
        return ack

    def require_acked_items(self) -> list[tuple[str, Sent]]:
        """Return the acked items, each with its first successful ack; errors as in `require_ack`."""
        found = [(item, ack) for item in self.require_delivery() if (ack := self.first_ack(item)) is not None]
        if not found:
            self.require_ack(self.delivered[0])
        return found

    def fact(self, name: str) -> float | None:
        """Return a time of the scenario, or another of its numbers; None if it has none."""
        value = self.transcript.facts.get(name)
        return float(value) if isinstance(value, int | float) else None

    @property
    def lease(self) -> float:
        """The length of a lease, in seconds."""
        return float(self.transcript.facts["lease_seconds"])

    @property
    def job(self) -> float:
        """The length of a job, in seconds."""
        return float(self.transcript.facts["job_seconds"])

    @property
    def over(self) -> float:
        """When the suite began to stop the workers."""
        return float(self.transcript.facts["over"])

    def _read(self, exchange: Exchange) -> Sent:
        return Sent(exchange, sender_of(exchange.step), self._item(exchange))

    def _item(self, exchange: Exchange) -> str | None:
        segments = [unquote(each) for each in urlsplit(exchange.request.url).path.split("/")]
        if exchange.operation in ITEM_OPERATIONS and "work" in segments:
            return next(iter(segments[segments.index("work") + 1 :]), None)
        if exchange.operation == "session":
            return next((self._item_of_session[each] for each in segments if each in self._item_of_session), None)
        return None


def _require_whole(transcript: Transcript) -> None:
    ending = transcript.ending
    reason = ending.reason or Text("the scenario did not end", "场景没有结束")
    match ending.kind:
        case "complete":
            return
        case "suite-error":
            raise SuiteError(reason)
        case "not-exercised":
            raise NotExercised(reason)
        case _:
            raise CannotJudge(reason)


def delivered_item(poll: Sent) -> str | None:
    """Return the id of the item that a poll received, or None."""
    value = poll.value
    return value["id"] if poll.status == 200 and isinstance(value.get("id"), str) else None


def last_words(transcript: Transcript) -> Iterator[Text]:
    """Yield how the worker processes ended by themselves. What they printed differs from machine to machine."""
    for worker in transcript.facts.get("workers", {}).values():
        code = worker["exit_code"]
        if code is not None:
            yield Text("it ended with exit code {code}", "它以退出码 {code} 结束").format(code=code)


def not_triggered(en: str, zh: str) -> NotTriggered:
    """Return why a requirement's occasion did not come about here."""
    return NotTriggered(Text(en, zh))
