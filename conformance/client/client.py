"""Turns a call into an `Exchange`: waits for its turn, sends it, retries what surely had no effect, redacts."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from conformance.client.address_pools import AddressPools
from conformance.client.availability import AvailabilityMonitor, TargetUnreachable
from conformance.client.backoff import retry_delay
from conformance.client.bad_credentials import Authentication, bearer, derived_secrets
from conformance.client.barrier import BarrierSlot
from conformance.client.connection_errors import Reason, intermediary_refusal_reason
from conformance.client.counters import RequestCounters
from conformance.client.exclusive_access import ExclusiveGate
from conformance.client.intermediary import NETWORK_STATUSES, THROTTLED, IntermediaryDetector
from conformance.client.rate_limiter import RateLimiter
from conformance.client.read_lag import ReadLag
from conformance.client.request import Call, headers_of, recorded_request, recorded_response
from conformance.client.transport import HttpTransport, NoResponse, NotProcessed, NotSent, RawResponse
from conformance.exchange import Exchange, Outcome, Response
from conformance.redaction import Redactor
from conformance.target import Credentials, Limits, Secret, Target

MAX_TRIES: Final = 10
"""Tries of a request that surely had no effect (no connection, 429); after a 429 they last as long as an outage may."""

MAX_LOST_TRIES: Final = 3
"""Tries of a GET or list whose response was lost while the target was available."""

_BUSY: Final = frozenset({THROTTLED, 503})
_SECOND_CONNECTION: Final = 2.0
_MUCH_SLOWER: Final = 10
_LOOKS: Final = 3
_MAX_PROBLEM: Final = 400


class Client:
    """Performs calls on one target. `clock` returns seconds on the run's monotonic clock.

    `tries` limits the retries of requests that surely had no effect.
    """

    def __init__(
        self,
        transport: HttpTransport | AddressPools,
        *,
        target: Target,
        credentials: Credentials,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        tries: int = MAX_TRIES,
        known: bool = False,
    ) -> None:
        self.target = target
        self.credentials = credentials
        self._transport = transport
        self.request_counters = RequestCounters()
        self.trouble: Reason | None = None
        self._clock = clock
        self.limits = limits
        self._tries = tries
        self._limiter = RateLimiter(
            writes_per_second=limits.writes_per_second, reads_per_second=limits.reads_per_second
        )
        self.gate = ExclusiveGate()
        self.lag = ReadLag()
        self._shortest: dict[str, float] = {}
        """Seconds of the shortest round trip so far, by operation."""
        self._presence = AvailabilityMonitor(self._probe, allowed=limits.outage, known=known)
        self._intermediaries = IntermediaryDetector()
        self._answered_read: str | None = None
        self._bearer = bearer(credentials.pat)
        self._pats: dict[str, Secret] = {}
        self._bearers: dict[str, Authentication] = {}
        self.redact = Redactor(shape for secret in credentials.all() for shape in derived_secrets(secret))
        self.redact.add(*target.secrets)

    def add_environment_tokens(self, environment_id: str, pat: Secret) -> None:
        """Use this token for an environment, and redact it everywhere."""
        self._pats[environment_id] = pat
        self._bearers[environment_id] = bearer(pat)
        self.redact.add(*derived_secrets(pat))

    def token_for_environment(self, environment_id: str) -> Secret:
        """Return the token for requests about an environment."""
        return self._pats.get(environment_id, self.credentials.pat)

    def authentication_for_environment(self, environment_id: str) -> Authentication | None:
        """Return the credentials for an environment with its own token; None for every other environment."""
        return self._bearers.get(environment_id)

    @property
    def fastest(self) -> float:
        """Seconds of the shortest round trip so far; infinite before the first response."""
        return min(self._shortest.values(), default=math.inf)

    def processing_time(self, operation: str) -> float:
        """Return the seconds that the target needs for an operation at least: the excess over its quickest response."""
        shortest = self._shortest.get(operation)
        return 0.0 if shortest is None else shortest - self.fastest

    @property
    def is_unreachable(self) -> bool:
        """Whether the client has given up on the target."""
        return self._presence.is_unreachable

    @property
    def outages(self) -> int:
        """How often the target was unavailable so far."""
        return self._presence.outages

    async def wait_until_available(self) -> None:
        """Wait until the target is available.

        Raises:
            TargetUnreachable: it stayed unavailable.
        """
        await self._presence.wait_until_available()

    async def close(self) -> None:
        """End background work."""
        await self._presence.close()

    async def perform(self, call: Call, *, age: int) -> Exchange:
        """Perform a call and return its exchange.

        Raises:
            TargetUnreachable: the target no longer responds.
        """
        begun = self._clock()
        tries = losses = 0
        while True:
            await self._presence.wait_until_available()
            await self._limiter.wait(call.kind, age)
            outages, tries = self.outages, tries + 1
            async with self.gate.shared():
                attempt = await self._once(call)
            exchange = replace(attempt.exchange, tries=tries)
            self._note(call, attempt)
            if self._tries == 1 or attempt.settled:
                return exchange
            if exchange.outcome == "unknown":
                if not call.repeatable:
                    return exchange
                await self._presence.wait_until_available()
                losses += outages == self.outages
                if losses >= MAX_LOST_TRIES:
                    return exchange
            elif tries >= self._tries and not (attempt.throttled and self._clock() - begun < self.limits.outage):
                return exchange
            if not attempt.at_once:
                await self._pause(exchange.response, tries)

    async def _pause(self, response: Response | None, tries: int) -> None:
        seconds = retry_delay(response, tries)
        self.request_counters.throttle_seconds += seconds if response is not None else 0.0
        await asyncio.sleep(seconds)

    def _note(self, call: Call, attempt: _Attempt, *, burst: bool = False) -> None:
        """Record from an attempt whether the target is available, and which rate it grants."""
        exchange = attempt.exchange
        if exchange.outcome == "ok" and call.repeatable:
            self._answered_read = call.url
        if exchange.response is not None and exchange.outcome != "unknown":
            self._presence.record_response()
            self._limiter.record_response(throttled=attempt.throttled, pace=attempt.pace, burst=burst)
        elif self._tries > 1 and not attempt.settled and not attempt.at_once:
            self._presence.record_no_response()

    async def accepts_two_connections(self, latency: float) -> bool:
        """Return whether the target responds on two connections at once. If not, requests take turns from now on.

        `latency` is the duration of one response in seconds.
        """
        patience = min(self.limits.timeout, max(_SECOND_CONNECTION, _MUCH_SLOWER * latency))
        for _ in range(_LOOKS):
            if await self._both(patience):
                return True
            await self._transport.set_one_at_a_time(alone=False)
        await self._transport.set_one_at_a_time(alone=True)
        if (await self._look()).response is not None:
            return False
        await self._transport.set_one_at_a_time(alone=False)
        return True

    async def _both(self, patience: float) -> bool:
        try:
            async with asyncio.timeout(patience):
                seen = await asyncio.gather(self._look(), self._look())
        except TimeoutError:
            return False
        return all(exchange.response is not None for exchange in seen)

    async def wait_for_burst(self, *, age: int, writes: int = 0, reads: int = 0) -> None:
        """Wait until a burst may leave: for the rate, it counts as one unit.

        Raises:
            TargetUnreachable: the target no longer responds.
        """
        await self._presence.wait_until_available()
        if reads:
            await self._limiter.wait("read", age, reads)
        if writes:
            await self._limiter.wait("write", age, writes)

    def count_cold_connections(self, connections: int) -> int:
        """Return how many of that many connections are closed or were idle for a while.

        None if the target accepts one connection at a time: no burst can leave together then.
        """
        return (
            0 if self._transport.is_one_at_a_time else connections - self._transport.count_warm_connections(connections)
        )

    async def send_once(self, call: Call, place: BarrierSlot) -> Exchange:
        """Send a call from a barrier, once and regardless of the rate: the burst has waited for it as a whole.

        If the target accepts one connection at a time, requests do not wait for each other.

        Raises:
            TargetUnreachable: the target no longer responds.
        """
        if self.is_unreachable or self._transport.is_one_at_a_time:
            place.give_up()
        if self.is_unreachable:
            raise TargetUnreachable
        attempt = await self._once(call, None if self._transport.is_one_at_a_time else place)
        self._note(call, attempt, burst=True)
        return attempt.exchange

    async def _once(self, call: Call, place: BarrierSlot | None = None) -> _Attempt:
        sent: float | None = None
        call = replace(call, url=self.target.url_with_query(call.url))

        async def on_send() -> None:
            nonlocal sent
            if place is not None and sent is None:
                await place.arrive()
            sent = self._clock()

        reply, response, missing, pace = None, None, None, self._limiter.pace_number
        try:
            reply = await self._transport.send(
                call.method,
                call.url,
                headers_of(call, self.target, call.authentication or self._bearer),
                call.body.encode() if call.body is not None else None,
                on_send,
                self.limits.max_list if call.listing else self.limits.max_body,
                fresh=call.fresh_connection,
            )
        except NoResponse as error:
            missing = error
        finally:
            if place is not None:
                place.give_up()
        completed = self._clock()
        if reply is not None and call.cookies is not None:
            call.cookies.store(reply.headers)
        outcome, problem, reason = self._outcome(reply, missing)
        self.trouble = reason or (None if outcome == "ok" else self.trouble)
        self.request_counters.requests += not isinstance(missing, NotSent)
        if reply is not None:
            response = recorded_response(reply, self.redact)
            seconds = completed - (completed if sent is None else sent)
            self._shortest[call.operation] = min(self._shortest.get(call.operation, math.inf), seconds)
            self.request_counters.throttled += reply.status in _BUSY
        exchange = Exchange(
            step=call.step,
            operation=call.operation,
            request=recorded_request(call, self.target, call.authentication or self._bearer, self.redact),
            outcome=outcome,
            invoked=completed if sent is None else sent,
            completed=completed,
            response=response,
            problem=self.redact(problem)[:_MAX_PROBLEM] if problem else None,
        )
        return _Attempt(
            exchange,
            settled=outcome == "ok" or (reason is not None and reason.lasting),
            at_once=isinstance(missing, NotProcessed),
            throttled=reply is not None and reply.status == THROTTLED,
            pace=pace,
        )

    def _outcome(
        self, reply: RawResponse | None, missing: NoResponse | None
    ) -> tuple[Outcome, str | None, Reason | None]:
        """Return the outcome of a request; if the target did not respond, also a few words about it, and the reason."""
        if missing is not None:
            return ("fail" if isinstance(missing, NotSent) else "unknown"), str(missing), missing.reason
        assert reply is not None
        reason = intermediary_refusal_reason(reply.status, reply.body.text)
        if reason is not None:
            return "fail", reason.text.en, reason
        if reply.status == THROTTLED:
            return "fail", f"HTTP {reply.status}", None
        if reply.status in NETWORK_STATUSES:
            return "unknown", f"HTTP {reply.status}", None
        if self._intermediaries.is_from_intermediary(reply):
            return "unknown", f"HTTP {reply.status} from an intermediary in front of the target", None
        return "ok", None, None

    async def _probe(self) -> bool:
        """Return whether the target responds now."""
        exchange = await self._look()
        return exchange.response is not None and exchange.outcome != "unknown"

    async def _look(self) -> Exchange:
        """Send a read: the one that the target last responded to, or a list of environments."""
        call = Call(
            step="probe",
            operation="list_environments",
            method="GET",
            url=self._answered_read or self.target.url("environments") + "?limit=1",
            kind="read",
            listing=True,
        )
        return (await self._once(call)).exchange


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One request and its result.

    `settled`: a retry would change nothing. `at_once`: the server only asked for a new connection. `pace`: the number
    of the pace that it kept to.
    """

    exchange: Exchange
    settled: bool
    at_once: bool
    throttled: bool
    pace: int
