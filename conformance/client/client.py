"""Turns a call into an `Exchange`: waits for its turn, sends, resends only what surely did not happen, redacts."""

from __future__ import annotations

import asyncio
import email.utils
import math
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from conformance import __version__
from conformance.client.exclusive import ExclusiveGate
from conformance.client.lag import Lag
from conformance.client.limiter import Kind, RateLimiter
from conformance.client.starting_line import Place
from conformance.client.tokens import Authentication, bearer, derived
from conformance.client.traffic import Traffic
from conformance.client.transport import Lost, Reply, Transport, Undelivered
from conformance.client.transports import Transports
from conformance.exchange import Exchange, Header, Outcome, Request, Response
from conformance.target import Credentials, Limits, Redactor, Secret, Target

MAX_TRIES: Final = 10
"""Tries of what surely did not happen (refused connection, 429, 503)."""

MAX_LOST_TRIES: Final = 3
"""Tries of a get or list whose answer was lost."""

MAX_WAIT: Final = 30.0
"""Seconds: the longest `Retry-After` that is obeyed in full."""

_NOT_PROCESSED: Final = frozenset({429, 503})
_GATEWAY: Final = frozenset({502, 504})
_MAX_PROBLEM: Final = 400
_FAILURES_BEFORE_PROBE: Final = 5
_PROBE_DELAY: Final = 1.0
_KEPT_HEADERS: Final = frozenset(
    {
        *("age", "allow", "cache-control", "connection", "content-encoding", "content-language", "content-length"),
        *("content-type", "date", "etag", "expires", "keep-alive", "location", "pragma", "retry-after"),
        *("retry-after-ms", "request-id", "server", "strict-transport-security", "transfer-encoding", "vary", "via"),
        *("www-authenticate", "x-content-type-options", "x-ratelimit-limit", "x-ratelimit-remaining"),
        *("x-ratelimit-reset", "x-request-id", "x-should-retry"),
    }
)
"""Headers of answers whose values are kept; of any other only the name is: it may carry what nobody knows of."""

_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
"""Headers whose values are secrets whatever they hold."""

_SECRET_FIELD: Final = re.compile(r'("secret"\s*:\s*)"(?:[^"\\]|\\.)+"')


class TargetGone(Exception):
    """The target stopped answering: five failures in a row, and a probe failed too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One documented operation about to be performed."""

    step: str
    operation: str
    method: str
    url: str
    kind: Kind
    headers: tuple[Header, ...] = ()
    authentication: Authentication | None = None
    body: str | None = None
    repeatable: bool = False
    """Whether it changes nothing, so that it may be resent after its answer was lost."""
    listing: bool = False
    """Whether it is answered with many objects, so that more is read."""
    fresh_connection: bool = False
    """Whether it goes over a connection that was opened for it."""
    user_agent: str | None = None
    """Another User-Agent than the suite's; one that the user chose goes before it."""


class Client:
    """Performs calls on one target. `clock` gives seconds on the run's monotonic clock.

    What surely did not happen is tried so many times.
    """

    def __init__(
        self,
        transport: Transport | Transports,
        *,
        target: Target,
        credentials: Credentials,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        tries: int = MAX_TRIES,
    ) -> None:
        self.target = target
        self.credentials = credentials
        self._transport = transport
        self.traffic = Traffic()
        self._clock = clock
        self.limits = limits
        self._tries = tries
        self._limiter = RateLimiter(
            writes_per_second=limits.writes_per_second, reads_per_second=limits.reads_per_second
        )
        self._health = _Health()
        self.gate = ExclusiveGate()
        self.lag = Lag()
        self.fastest = math.inf
        """Seconds of the shortest round trip up to now."""
        self._bearer = bearer(credentials.pat)
        self._pats: dict[str, Secret] = {}
        self._bearers: dict[str, Authentication] = {}
        self.redact = Redactor(shape for secret in credentials.all() for shape in derived(secret))
        self.redact.add(*target.secrets)

    def learn(self, environment_id: str, pat: Secret) -> None:
        """Use a token of its own for an environment, and keep it out of all that is kept."""
        self._pats[environment_id] = pat
        self._bearers[environment_id] = bearer(pat)
        self.redact.add(*derived(pat))

    def pat_of(self, environment_id: str) -> Secret:
        """The token with which an environment is talked about."""
        return self._pats.get(environment_id, self.credentials.pat)

    def bearer_of(self, environment_id: str) -> Authentication | None:
        """What requests about an environment carry that has a token of its own; None for every other."""
        return self._bearers.get(environment_id)

    @property
    def gone(self) -> bool:
        """Whether the target was given up."""
        return self._health.gone

    async def perform(self, call: Call, *, age: int) -> Exchange:
        """Perform a call and return what became of it.

        Raises:
            TargetGone: the target no longer answers anything.
        """
        for tries in range(1, self._tries + 1):
            if self._health.gone:
                raise TargetGone
            await self._limiter.wait(call.kind, age)
            async with self.gate.shared():
                exchange = replace(await self._once(call), tries=tries)
            if exchange.response is None:
                await self._health.failed(self._probe)
            else:
                self._health.answered()
            if tries == self._tries or not _may_resend(call, exchange, tries):
                break
            pause = _pause(exchange.response, tries)
            self.traffic.waited += pause if exchange.response is not None else 0.0
            await asyncio.sleep(pause)
        return exchange

    async def ready(self, *, age: int, writes: int = 0, reads: int = 0) -> None:
        """Wait until a burst may leave: to the rate it is one unit."""
        if reads:
            await self._limiter.wait("read", age, reads)
        if writes:
            await self._limiter.wait("write", age, writes)

    def cold(self, connections: int) -> int:
        """How many of so many connections would have to be opened, or have not been used for a while."""
        return connections - self._transport.warm(connections)

    async def once(self, call: Call, place: Place) -> Exchange:
        """Send a call from a starting line, whatever the rate, and never again: the burst has waited as a whole.

        Raises:
            TargetGone: the target no longer answers anything.
        """
        if self._health.gone:
            place.give_up()
            raise TargetGone
        exchange = await self._once(call, place)
        if exchange.response is None:
            await self._health.failed(self._probe)
        else:
            self._health.answered()
        return exchange

    async def _once(self, call: Call, place: Place | None = None) -> Exchange:
        sent: float | None = None
        call = replace(call, url=self.target.with_query(call.url))

        async def on_send() -> None:
            nonlocal sent
            if place is not None:
                await place.arrive()
            sent = self._clock()

        reply, response, problem = None, None, None
        outcome: Outcome = "ok"
        try:
            reply = await self._transport.send(
                call.method,
                call.url,
                self._headers(call),
                call.body.encode() if call.body is not None else None,
                on_send,
                self.limits.max_list if call.listing else self.limits.max_body,
                fresh=call.fresh_connection,
            )
        except Undelivered as error:
            outcome, problem = "fail", str(error)
        except Lost as error:
            outcome, problem = "unknown", str(error)
        finally:
            if place is not None:
                place.give_up()
        completed = self._clock()
        self.traffic.requests += outcome != "fail"
        if reply is not None:
            response = self._kept(reply)
            self.fastest = min(self.fastest, completed - (completed if sent is None else sent))
            if reply.status in _NOT_PROCESSED:
                outcome, problem = "fail", f"HTTP {reply.status}"
                self.traffic.turned_away += 1
            elif reply.status in _GATEWAY:
                outcome, problem = "unknown", f"HTTP {reply.status}"
        return Exchange(
            step=call.step,
            operation=call.operation,
            request=self._shown(call),
            outcome=outcome,
            invoked=completed if sent is None else sent,
            completed=completed,
            response=response,
            problem=self.redact(problem)[:_MAX_PROBLEM] if problem else None,
        )

    async def _probe(self) -> bool:
        await asyncio.sleep(_PROBE_DELAY)
        call = Call(
            step="probe",
            operation="list_environments",
            method="GET",
            url=self.target.url("environments") + "?limit=1",
            kind="read",
            listing=True,
        )
        return (await self._once(call)).response is not None

    def _headers(self, call: Call) -> list[Header]:
        authentication = call.authentication or self._bearer
        return [
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip"),
            ("User-Agent", self._user_agent(call) or f"work-conformance/{__version__}"),
            *self.target.headers,
            *((name, secret.reveal()) for name, secret in self.target.secret_headers),
            *authentication.sent,
            *call.headers,
        ]

    def _user_agent(self, call: Call) -> str | None:
        """What is sent in the place of the suite's own, and shown so that the request can be repeated."""
        return self.target.user_agent or call.user_agent

    def _shown(self, call: Call) -> Request:
        authentication = call.authentication or self._bearer
        user_agent = self._user_agent(call)
        named = [("User-Agent", user_agent)] if user_agent is not None else []
        headers = [*named, *self.target.headers, *call.headers]
        return Request(
            method=call.method,
            url=self.redact(call.url),
            headers=(
                *authentication.shown,
                *((name, secret.variable) for name, secret in self.target.secret_headers),
                *((name, self.redact(value)) for name, value in headers),
            ),
            body=self.redact(call.body) if call.body is not None else None,
        )

    def _kept(self, reply: Reply) -> Response:
        text = _SECRET_FIELD.sub(r'\1"[redacted]"', self.redact(reply.body.text))
        return Response(
            status=reply.status,
            headers=tuple(_kept_headers(reply.headers, self.redact)),
            body=replace(reply.body, text=text),
        )


class _Health:
    """Notices that the target is gone, so that not every scenario has to wait for it."""

    def __init__(self) -> None:
        self.gone = False
        self._failures = 0
        self._probing = asyncio.Lock()

    def answered(self) -> None:
        self._failures = 0

    async def failed(self, probe: Callable[[], Awaitable[bool]]) -> None:
        self._failures += 1
        if self._failures < _FAILURES_BEFORE_PROBE or self._probing.locked():
            return
        async with self._probing:
            self.gone = not await probe()
            self._failures = 0


def _may_resend(call: Call, exchange: Exchange, tries: int) -> bool:
    if exchange.outcome == "fail":
        return True
    return exchange.outcome == "unknown" and call.repeatable and tries < MAX_LOST_TRIES


def _pause(response: Response | None, tries: int) -> float:
    """Seconds to wait before the next try: what the target asks for, else 0.25 s doubling up to 8 s."""
    backoff = float(min(0.25 * 2 ** (tries - 1), 8.0))
    asked = _retry_after(response) if response is not None else None
    return min(asked, MAX_WAIT) if asked is not None else backoff


def _retry_after(response: Response) -> float | None:
    """Seconds that the target asks for, in whichever of its three forms can be read; None where it does not."""
    for name, read in (("retry-after-ms", _milliseconds), ("retry-after", _seconds), ("retry-after", _until)):
        value = response.header(name)
        try:
            if value is not None:
                return max(0.0, read(value))
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def _milliseconds(value: str) -> float:
    return float(value) / 1000


def _seconds(value: str) -> float:
    if not value.strip().isdigit():
        raise ValueError(value)
    return float(value)


def _until(value: str) -> float:
    return (email.utils.parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()


def _kept_headers(headers: Iterable[Header], redact: Redactor) -> Iterable[Header]:
    for name, value in headers:
        yield redact(name), _kept_value(name.lower(), value, redact)


def _kept_value(name: str, value: str, redact: Redactor) -> str:
    """The value of a header where it is kept, and else what says that it is not: `[redacted]` stands for secrets alone."""
    if name in _KEPT_HEADERS:
        return redact(value)
    return "[redacted]" if name in _CREDENTIALS else "[not kept]"
