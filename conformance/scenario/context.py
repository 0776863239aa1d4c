"""What a scenario may do: bring an item into a state, and talk to the target. Every exchange is recorded by step."""

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
    NotExercised,
    PreconditionNotMet,
    require_response,
    require_success,
    state_in,
    unexpected_state_text,
)
from conformance.client.api import Api
from conformance.client.bad_credentials import Authentication
from conformance.client.barrier import Barrier, BarrierSlot
from conformance.client.client import Client
from conformance.client.exclusive_access import DRAIN
from conformance.exchange import SPREAD_FACT, UNKEPT_FACT, Exchange, Header
from conformance.scenario.bursts import MAX_MISSED_RACES, MISSED, RepeatRace, overlap, require_race
from conformance.scenario.client_identity import SUITE_IDENTITY, ClientIdentity, OptionalToken
from conformance.scenario.item_reader import ItemReader
from conformance.target import Secret
from conformance.text import Text

REDELIVERY_PATIENCE: Final = 3.0
"""Seconds that a target is given to deliver an item again."""

MAX_KEPT: Final = 512 << 10
"""Bytes of memory that the bodies of one attempt may hold: dozens are held at once, and a hostile target fills each."""


Send = Callable[[Api, str], Awaitable[Exchange]]
"""Sends one request of a burst as the step that it is given."""


class ScenarioContext(ItemReader):
    """One attempt at one scenario."""

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

    def arranged_by(self, new_arranger: Callable[[Api], Arranger]) -> ScenarioContext:
        """This stage, with an arranger that talks through it."""
        self._arranger = new_arranger(self._api)
        return self

    @property
    def polled(self) -> Sequence[Item]:
        """The items that polls delivered to this attempt."""
        return self._arranger.items_to_clean_up

    def worker_id(self) -> str:
        """A worker identity of this attempt's own: letters, digits and hyphens, 36 characters at most."""
        return self._client_identity.worker_id(self.rng)

    def worker(self, worker_id: str | None, header: str | None = None) -> tuple[Header, ...]:
        """The header that carries a worker identity; none for None. `header` is another spelling of its name."""
        return () if worker_id is None else ((header or self.client.target.worker_header, worker_id),)

    @property
    def pat(self) -> Secret:
        """The right token for the item that this case is about."""
        return self.client.token_for_environment(str(self.facts.get("environment_id")))

    def token(self, kind: OptionalToken) -> Secret:
        """An optional credential.

        Raises:
            NotOffered: it was not given.
        """
        secret: Secret | None = getattr(self.client.credentials, kind)
        if secret is None:
            variable = f"QODER_{kind.upper()}_PAT"
            raise NotExercised(Text(f"no token was given in {variable}", f"未提供 {variable}"))
        return secret

    async def item(self, *, header: str | None = None, worker: str | None = None) -> Item:
        """The item that this case is about, as it wants it. `header` is another spelling of the worker's header.

        `worker` is the identity that it is polled with, where that is for the suite to choose.
        """
        worker = (worker or self.worker_id()) if self.item_spec.named else None
        item = await self._arranger.item(self.item_spec, worker, header=header)
        self._tell(item)
        return item

    async def plain_item(self, name: str, transitions: tuple[Transition, ...] = ()) -> Item:
        """A fresh item for a control, delivered to a worker of its own; `name` stands before the steps of its way."""
        return await self._arranger.item(
            ItemSpec(transitions=transitions, place=self.item_spec.place), self.worker_id(), name=name
        )

    async def items(self, workers: Mapping[str, str | None]) -> dict[str, Item]:
        """Several items as this case wants them, each polled with the identity that its name is given.

        They lie in one environment and are brought about at the same time. The first is told and stepped like the one
        of `item`; the name of each other stands before its steps (`b.arrange.poll.1`). `facts["items"]` has them all.

        Raises:
            NotOffered: the items are given, and nobody could pair them with these workers.
        """
        item_spec = replace(self.item_spec, items=len(workers))
        first = next(iter(workers))
        # Where poll gives one item to several workers, each is taken along its way before the next one polls.
        turns = asyncio.Semaphore(1 if self.deliveries is not None and self.deliveries.alone else len(workers))

        async def arranged(name: str, worker: str | None) -> Item:
            async with turns:
                return await self._arranger.item(item_spec, worker, name="" if name == first else name)

        found = await asyncio.gather(
            *(arranged(name, worker) for name, worker in workers.items()),
            return_exceptions=True,  # none may go on arranging after the conversation has ended
        )
        items = {}
        for name, each in zip(workers, found, strict=True):
            if isinstance(each, BaseException):
                raise each
            items[name] = each
        self._tell(items[first])
        self.facts["items"] = {name: item.identity for name, item in items.items()}
        return items

    def _tell(self, item: Item) -> None:
        """Write down which item the case is about: checks know nothing but the transcript."""
        self.facts |= {
            "arranged_by": self._arranger.kind,
            "place": item.place,
            "way": list(self.item_spec.transitions),
            **({"states": dict(self.client.target.states)} if self.client.target.states else {}),
            **item.identity,
        }

    def owner_headers(self, item: Item, header: str | None = None) -> tuple[Header, ...]:
        """The header of the worker that the item was delivered to; none where it had no identity."""
        return self.worker(item.worker, header)

    async def redeliver(self, item: Item, headers: tuple[Header, ...]) -> None:
        """Have the same item delivered to somebody else, in the quiet environment.

        Raises:
            NotOffered: the target does not redeliver.
        """
        again = await self._arranger.redeliver(item, headers, patience=REDELIVERY_PATIENCE)
        self.facts["seen_by"] = again.delivery_step

    async def poll_at_once(self, step: str, item: Item, headers: tuple[Header, ...]) -> None:
        """Poll the item's environment for anything delivered, without waiting. Only for the quiet environment."""
        require_response(
            await self._api.poll(step, item.environment_id, headers=headers, block_ms=None, reclaim_older_than_ms=0)
        )

    async def stop(self, step: str, item: Item, *, force: bool, to: State) -> None:
        """Stop the item, whose response has to show that it is in the state `to`: a get would show it too late.

        Raises:
            CannotArrange: it is refused.
            NotOffered: it shows another state, or none.
        """
        self._brought_to(to, await self._api.stop(step, item.environment_id, item.work_id, force=force))

    def require_state(self, state: State, exchange: Exchange) -> None:
        """See that an ack answered the item in this state.

        Raises:
            Precondition: it did not, which is for the requirement on that ack to judge.
        """
        found = state_in(exchange)
        if found is None or self.client.target.state_named(found) != state:
            raise PreconditionNotMet(unexpected_state_text(found, state), exchange.step)

    def _brought_to(self, state: State, exchange: Exchange) -> None:
        require_success(exchange)
        found = state_in(exchange)
        if found is None or self.client.target.state_named(found) != state:
            words = Text("{op} did not show the item `{state}`", "{op} 没有显示 item 处于 `{state}`")
            raise NotExercised(words.format(op=exchange.operation, state=state))

    async def heartbeat(self, step: str, item: Item, *, first: bool = True) -> None:
        """A heartbeat with the longest lease; the first one makes a `starting` item `active`."""
        require_success(await self._beat(step, item, first=first))

    async def activate(self, step: str, item: Item) -> None:
        """The first heartbeat, whose response has to show that the item is `active`; errors as `stop`."""
        self._brought_to("active", await self._beat(step, item))

    async def _beat(self, step: str, item: Item, *, first: bool = True) -> Exchange:
        place = (item.environment_id, item.work_id)
        return await self._api.heartbeat(step, *place, ttl_seconds=LEASE_SECONDS, first=first)

    async def ack(self, step: str, item: Item, headers: tuple[Header, ...] = (), **odd: Any) -> Exchange:
        """Ack the item, or what is named in its place; what else may be given is that of `try_ack`.

        Raises:
            AnswerLost: no answer came that could be judged.
        """
        return require_response(await self.try_ack(step, item, headers, **odd))

    async def try_ack(
        self,
        step: str,
        item: Item,
        headers: tuple[Header, ...] = (),
        *,
        environment_id: str | None = None,
        work_id: str | None = None,
        authentication: Authentication | None = None,
        body: str | None = None,
        method: str = "POST",
        suffix: str = "",
        query: dict[str, str] | None = None,
        fresh_connection: bool = False,
    ) -> Exchange:
        """Ack in a form of one's own; that no answer comes is an answer too."""
        return await self._api.ack(
            step,
            environment_id or item.environment_id,
            work_id or item.work_id,
            headers=headers,
            authentication=authentication,
            body=body,
            method=method,
            suffix=suffix,
            query=query,
            fresh_connection=fresh_connection,
        )

    async def archive_environment(self, item: Item) -> None:
        """Archive the environment of the item: the quiet one, when all other cases are over."""
        require_success(await self._api.act("archive", "environments", item.environment_id, "archive"))

    async def send_concurrently(
        self,
        sends: dict[str, Send],
        *,
        after: Mapping[str, str] | None = None,
        delays: Mapping[str, float] | None = None,
    ) -> None:
        """Let requests leave at one instant, in this order, while this process sends nothing else.

        One alone is sent like any other. Those that are named in `after` leave as soon as the request that they
        follow is over, those of `delays` so many seconds behind the others.
        """
        if len(sends) == 1:
            await asyncio.gather(*(send(self._api, step) for step, send in sends.items()))
            return
        after = after or {}
        await self.client.ready(writes=len(sends), age=self._age)
        line = Barrier(len(sends))
        over = {step: asyncio.Event() for step in after.values()}

        async def run(number: int, step: str, send: Send) -> None:
            place = line.place(
                number, over[after[step]] if step in after else None, delay=(delays or {}).get(step, 0.0)
            )
            try:
                await send(self._at(place), step)
            finally:
                if step in over:
                    over[step].set()

        async with self.client.gate.exclusive():
            await self._warm_up(len(sends))
            burst = asyncio.gather(*(run(number, step, send) for number, (step, send) in enumerate(sends.items())))
            released = asyncio.ensure_future(line.released())
            try:
                either: set[asyncio.Future[Any]] = {burst, released}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.wait([burst], timeout=DRAIN)  # then a far target has got it, and works on it alone
            except asyncio.CancelledError:
                burst.cancel()
                raise
            finally:
                released.cancel()
        await burst

    async def _warm_up(self, connections: int) -> None:
        """See that as many connections are open and were just used, by GETs of the item that the transcript counts.

        A connection that is new, or was idle, delays its request by what the target needs to accept or wake it.
        """
        environment_id, work_id = self.facts.get("environment_id"), self.facts.get("work_id")
        if environment_id is None or work_id is None or not self.client.count_cold_connections(connections):
            return
        await self.client.ready(reads=connections, age=self._age)
        line = Barrier(connections)

        def count(exchange: Exchange) -> None:
            self.facts[UNKEPT_FACT] = self.facts.get(UNKEPT_FACT, 0) + exchange.tries

        await asyncio.gather(
            *(
                self._at(line.place(number), count).get("warm-up", environment_id, work_id)
                for number in range(connections)
            )
        )

    def discard_exchanges(self) -> None:
        """Begin anew: nothing that was said up to now is kept."""
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
        delays: Mapping[str, float] | None = None,
    ) -> None:
        """Let several requests leave at one instant, in this order, each on a connection that is already open.

        `about` is given the steps that were not turned away (429, no connection) and says whether they still
        are the race that was wanted. A step of `after` leaves when the one that it names is over, while the others
        may still be under way. All that leave at once have to overlap; with `groups`, those of each group; with
        `around`, a step and a number, so many others have to overlap with that step. `delays` are the seconds by which
        some are meant to leave later; the recorded spread of the burst is without them.

        Raises:
            Repeat: they are not, or the recorded intervals do not overlap.
        """
        await self.send_concurrently(sends, after=after, delays=delays)
        taken = {e.step: e for e in self.exchanges if e.step in sends and e.outcome != "fail"}
        require_race(taken, about, attempt=self.attempt)
        at_once = sends.keys() - (after or {}).keys()
        left = [taken[step].invoked - (delays or {}).get(step, 0.0) for step in taken.keys() & at_once]
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
        """Record an exchange; a body for which there is no room left counts as one that is too large."""
        response = exchange.response
        if response is not None:
            size = sys.getsizeof(response.body.text)
            if size > self._room:
                body = replace(response.body, text="", problem="too-large")
                exchange = replace(exchange, response=replace(response, body=body))
            else:
                self._room -= size
        self.exchanges.append(exchange)

    async def release(self, item: Item, step: str = "release") -> None:
        """Stop the item by force, whatever became of it, so that the next quiet scenario finds nothing of it."""
        await self._api.stop(step, item.environment_id, item.work_id, force=True)


ContextFactory = Callable[[int], ScenarioContext]
