"""What a scenario can do: bring an item into a state, and send requests. Every exchange is recorded by step."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from conformance.arrange.api_arranger import Arranger
from conformance.arrange.deliveries import Deliveries
from conformance.arrange.environments import RunResources
from conformance.arrange.item_spec import LEASE_SECONDS, Item, ItemSpec, State, Transition
from conformance.arrange.responses import (
    NotSupported,
    PreconditionNotMet,
    require_response,
    require_success,
    state_in,
    unexpected_state_text,
)
from conformance.client.api import Api
from conformance.client.barrier import Barrier, BarrierSlot
from conformance.client.client import Client
from conformance.client.exclusive_access import DRAIN
from conformance.exchange import SPREAD_FACT, UNKEPT_FACT, Exchange, Header
from conformance.scenario.bursts import MAX_MISSED_RACES, MISSED, RepeatRace, overlap, require_race
from conformance.scenario.client_identity import SUITE_IDENTITY, ClientIdentity, OptionalToken
from conformance.scenario.operation_sender import OperationSender
from conformance.target import Secret
from conformance.text import Text

_NONE: Final[Mapping[str, float]] = {}
REDELIVERY_PATIENCE: Final = 3.0
"""Seconds that a target has to deliver an item again."""

MAX_KEPT: Final = 512 << 10
"""Maximum bytes of bodies per attempt: dozens of attempts run at once, and a hostile target could fill each of them."""


Send = Callable[[Api, str], Awaitable[Exchange]]
"""Sends one request of a burst as the given step."""


class ScenarioContext(OperationSender):
    """One attempt at running a scenario."""

    def __init__(
        self,
        client: Client,
        run_resources: RunResources,
        *,
        item_spec: ItemSpec,
        seed: int,
        rng: random.Random,
        age: int,
        repetition: int = 1,
        deliveries: Deliveries | None = None,
        client_identity: ClientIdentity = SUITE_IDENTITY,
        attempt: int = 1,
    ) -> None:
        self.exchanges: list[Exchange] = []
        self.facts: dict[str, Any] = {}
        self.item_spec = item_spec
        self.seed = seed
        self.rng = rng
        self.repetition = repetition
        self.attempt = attempt
        self.run_resources = run_resources
        self.client = client
        self.deliveries = deliveries
        self._age = age
        self._client_identity = client_identity
        self._room = MAX_KEPT
        self._api = Api(client, self._keep, age=age, user_agent=client_identity.user_agent)

    def with_arranger(self, new_arranger: Callable[[Api], Arranger]) -> ScenarioContext:
        """Return this context with an arranger that sends its requests through it."""
        self._arranger = new_arranger(self._api)
        return self

    @property
    def delivered_items(self) -> Sequence[Item]:
        """The items that polls delivered to this attempt."""
        return self._arranger.items_to_clean_up

    def worker_id(self) -> str:
        """Return a worker identity for this attempt: letters, digits and hyphens, at most 36 characters."""
        return self._client_identity.worker_id(self.rng)

    def worker_headers(self, worker_id: str | None, header: str | None = None) -> tuple[Header, ...]:
        """Return the header with a worker identity; none for None. `header` is another spelling of its name."""
        return () if worker_id is None else ((header or self.client.target.worker_header, worker_id),)

    @property
    def valid_pat(self) -> Secret:
        """The valid token for the item of this scenario."""
        return self.client.token_for_environment(str(self.facts.get("environment_id")))

    def optional_pat(self, kind: OptionalToken) -> Secret:
        """Return an optional credential.

        Raises:
            NotSupported: it was not given.
        """
        secret: Secret | None = getattr(self.client.credentials, kind)
        if secret is None:
            variable = f"QODER_{kind.upper()}_PAT"
            raise NotSupported(Text(f"no token was given in {variable}", f"{variable} 中没有给出 token"))
        return secret

    async def item(self, *, header: str | None = None, worker: str | None = None) -> Item:
        """Return this scenario's item in the required state. `header` is another spelling of the worker's header.

        `worker` is the identity that polls it, if the suite chooses the identity.
        """
        worker = (worker or self.worker_id()) if self.item_spec.named else None
        item = await self._arranger.item(self.item_spec, worker, header=header)
        self._record_item_facts(item)
        return item

    async def control_item(self, name: str, transitions: tuple[Transition, ...] = ()) -> Item:
        """Return a fresh item for a control, delivered to a worker of its own; `name` prefixes its steps."""
        return await self._arranger.item(
            ItemSpec(transitions=transitions, place=self.item_spec.place), self.worker_id(), name=name
        )

    async def items(self, workers: Mapping[str, str | None]) -> dict[str, Item]:
        """Return several items as this scenario needs them, each polled with the identity given for its name.

        They are prepared in one environment at the same time. The first is recorded like the one of `item`. The steps
        of each other item begin with its name (`b.arrange.poll.1`). `facts["items"]` contains all of them.

        Raises:
            NotSupported: the items were prepared by somebody else, so they cannot be paired with these workers.
        """
        item_spec = replace(self.item_spec, items=len(workers))
        first = next(iter(workers))
        # If poll delivers one item to several workers, each item is brought into its state before the next poll.
        turns = asyncio.Semaphore(1 if self.deliveries is not None and self.deliveries.alone else len(workers))

        async def arranged(name: str, worker: str | None) -> Item:
            async with turns:
                return await self._arranger.item(item_spec, worker, name="" if name == first else name)

        found = await asyncio.gather(
            *(arranged(name, worker) for name, worker in workers.items()),
            return_exceptions=True,  # no preparation may continue after the scenario has ended
        )
        items = {}
        for name, each in zip(workers, found, strict=True):
            if isinstance(each, BaseException):
                raise each
            items[name] = each
        self._record_item_facts(items[first])
        self.facts["items"] = {name: item.identity for name, item in items.items()}
        return items

    def _record_item_facts(self, item: Item) -> None:
        """Record which item the scenario is about: checks see only the transcript."""
        self.facts |= {
            "arranged_by": self._arranger.kind,
            "place": item.place,
            "way": list(self.item_spec.transitions),
            **({"states": dict(self.client.target.states)} if self.client.target.states else {}),
            **item.identity,
        }

    def owner_headers(self, item: Item, header: str | None = None) -> tuple[Header, ...]:
        """Return the header of the worker that the item was delivered to; none if it had no identity."""
        return self.worker_headers(item.worker, header)

    async def redeliver(self, item: Item, headers: tuple[Header, ...]) -> None:
        """Have the item delivered to another worker, in the quiet environment.

        Raises:
            NotSupported: the target does not redeliver.
        """
        again = await self._arranger.redeliver(item, headers, patience=REDELIVERY_PATIENCE)
        self.facts["seen_by"] = again.delivery_step

    async def poll_at_once(self, step: str, item: Item, headers: tuple[Header, ...]) -> None:
        """Poll the item's environment for delivered items, without waiting. Only in the quiet environment."""
        require_response(
            await self._api.poll(step, item.environment_id, headers=headers, block_ms=None, reclaim_older_than_ms=0)
        )

    async def stop(self, step: str, item: Item, *, force: bool, to: State) -> None:
        """Stop the item and check that the response shows the state `to`: a later GET could show the next state.

        Raises:
            CannotArrange: the stop is refused.
            NotSupported: the response shows another state, or none.
        """
        self._brought_to(to, await self._api.stop(step, item.environment_id, item.work_id, force=force))

    def require_state(self, state: State, exchange: Exchange) -> None:
        """Check that the response to an ack shows the item in this state.

        Raises:
            PreconditionNotMet: it does not; the requirement on that ack judges this.
        """
        found = state_in(exchange)
        if found is None or self.client.target.documented_state(found) != state:
            raise PreconditionNotMet(unexpected_state_text(found, state), exchange.step)

    def _brought_to(self, state: State, exchange: Exchange) -> None:
        require_success(exchange)
        found = state_in(exchange)
        if found is None or self.client.target.documented_state(found) != state:
            words = Text("{op} did not show the item `{state}`", "{op} 没有显示 item 处于 `{state}`")
            raise NotSupported(words.format(op=exchange.operation, state=state))

    async def heartbeat(self, step: str, item: Item, *, first: bool = True) -> None:
        """Send a heartbeat with the longest lease; the first one makes a `starting` item `active`."""
        require_success(await self._beat(step, item, first=first))

    async def activate(self, step: str, item: Item) -> None:
        """Send the first heartbeat and check that the response shows the item as `active`; errors as in `stop`."""
        self._brought_to("active", await self._beat(step, item))

    async def _beat(self, step: str, item: Item, *, first: bool = True) -> Exchange:
        place = (item.environment_id, item.work_id)
        return await self._api.heartbeat(step, *place, ttl_seconds=LEASE_SECONDS, first=first)

    async def archive_environment(self, item: Item) -> None:
        """Archive the item's environment: the quiet one, after all other scenarios."""
        require_success(await self._api.act("archive", "environments", item.environment_id, "archive"))

    async def send_concurrently(
        self, sends: dict[str, Send], *, after: Mapping[str, str] | None = None, delays: Mapping[str, float] = _NONE
    ) -> None:
        """Send requests at the same instant, in this order, while this process sends nothing else.

        A single request is sent normally. Requests named in `after` leave when the request that they follow is over,
        those named in `delays` that many seconds after the others.
        """
        if len(sends) == 1:
            await asyncio.gather(*(send(self._api, step) for step, send in sends.items()))
            return
        after = after or {}
        await self.client.wait_for_burst(writes=len(sends), age=self._age)
        line = Barrier(len(sends))
        over = {step: asyncio.Event() for step in after.values()}

        async def run(number: int, step: str, send: Send) -> None:
            place = line.slot(number, over[after[step]] if step in after else None, delay=delays.get(step, 0.0))
            try:
                await send(self._at(place), step)
            finally:
                if step in over:
                    over[step].set()

        async with self.client.gate.exclusive():
            await self._warm_up(len(sends))
            burst = asyncio.gather(*(run(number, step, send) for number, (step, send) in enumerate(sends.items())))
            released = asyncio.ensure_future(line.wait_for_release())
            try:
                either: set[asyncio.Future[Any]] = {burst, released}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.wait([burst], timeout=DRAIN)  # by then a distant target has received it
            except asyncio.CancelledError:
                burst.cancel()
                raise
            finally:
                released.cancel()
        await burst

    async def _warm_up(self, connections: int) -> None:
        """Make sure that enough connections are open and recently used. It sends GETs, which are recorded as a count.

        A new or idle connection delays its request by the time that the target needs to accept it or wake up.
        """
        environment_id, work_id = self.facts.get("environment_id"), self.facts.get("work_id")
        if environment_id is None or work_id is None or not self.client.count_cold_connections(connections):
            return
        await self.client.wait_for_burst(reads=connections, age=self._age)
        line = Barrier(connections)

        def count(exchange: Exchange) -> None:
            self.facts[UNKEPT_FACT] = self.facts.get(UNKEPT_FACT, 0) + exchange.tries

        await asyncio.gather(
            *(
                self._at(line.slot(number), count).get("warm-up", environment_id, work_id)
                for number in range(connections)
            )
        )

    def discard_exchanges(self) -> None:
        """Discard all exchanges recorded so far."""
        self.exchanges.clear()
        self._room = MAX_KEPT

    async def burst(
        self,
        sends: dict[str, Send],
        *,
        about: Callable[[set[str]], bool],
        after: Mapping[str, str] | None = None,
        groups: Sequence[Collection[str]] = (),
        around: tuple[str, int] | None = None,
        delays: Mapping[str, float] = _NONE,
    ) -> None:
        """Send several requests at the same instant, in this order, each on a connection that is already open.

        `about` gets the steps that the target accepted (no 429, connected) and returns whether they still form the
        intended race. A step in `after` leaves when the step that it names is over, while others may still be in
        flight. All requests that leave at once have to overlap; with `groups`, those within each group; with `around`,
        a step and a number, that many others have to overlap with the step. `delays` are the intended delays of some
        steps in seconds; the recorded spread of the burst excludes them.

        Raises:
            RepeatRace: it is not the intended race, or the recorded intervals do not overlap.
        """
        await self.send_concurrently(sends, after=after, delays=delays)
        taken = {e.step: e for e in self.exchanges if e.step in sends and e.outcome != "fail"}
        require_race(taken, about, attempt=self.attempt)
        at_once = sends.keys() - (after or {}).keys()
        left = [taken[step].invoked - delays.get(step, 0.0) for step in taken.keys() & at_once]
        self.facts[SPREAD_FACT] = round(max(left) - min(left), 6) if left else 0.0
        if around is not None:
            step, least = around
            overlapping = sum(
                step in taken and overlap([taken[step], taken[each]]) for each in at_once & taken.keys() - {step}
            )
            overlapped = overlapping >= least
        else:
            overlapped = all(overlap([taken[each] for each in group if each in taken]) for group in groups or [at_once])
        if not overlapped:
            raise RepeatRace(MISSED, MAX_MISSED_RACES)

    def _at(self, place: BarrierSlot, record: Callable[[Exchange], None] | None = None) -> Api:
        return Api(
            self.client,
            record or self._keep,
            age=self._age,
            place=place,
            user_agent=self._client_identity.user_agent,
            cookies=self._api.cookies,
        )

    def _keep(self, exchange: Exchange) -> None:
        """Record an exchange; a body that exceeds the memory limit counts as too large."""
        response = exchange.response
        if response is not None:
            size = sys.getsizeof(response.body.text)
            if size > self._room:
                body = replace(response.body, text="", problem="too-large")
                exchange = replace(exchange, response=replace(response, body=body))
            else:
                self._room -= size
        self.exchanges.append(exchange)

    async def force_stop(self, item: Item, step: str = "release") -> None:
        """Force-stop the item in any state, so that the next quiet scenario does not receive it."""
        await self._api.stop(step, item.environment_id, item.work_id, force=True)


ContextFactory = Callable[[int], ScenarioContext]
