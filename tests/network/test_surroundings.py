"""What a target is behind or made of: outages, limits, back ends, one connection at a time. The verdict is the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.arrange.preflight import PreflightError
from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from tests.network.chaos import Answer, Chaos, Fate, Rates
from tests.network.chaos_proxy import Front, Request, fronted, in_thread
from tests.runs import run_suite, settings_for

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

QUIET = Rates(lost=0, dropped=0, reset=0, page=0, throttled=0, late=0, goaway=0, restart_after=0)
SOME = [line for line in full_plan() if line.scenario.startswith(("first", "retry", "not-found.w", "race.same"))]
Answering = Callable[[Request, Callable[[], Awaitable[Answer]]], Awaitable[Answer]]


@contextmanager
def between(upstream: str, answering: Answering) -> Iterator[str]:
    """A front that answers as it is told, and may ask the server behind."""

    class Told(Front):
        async def answered(self, request: Request) -> Answer:
            return await answering(request, lambda: self._passed_on(request))

    front = Told(upstream, Chaos(0, QUIET), tls=None)
    with in_thread(front.serve):
        yield f"http://127.0.0.1:{front.port}"


def judged(base_url: str, tokens: Tokens, place: Path, **values: object) -> RunResult:
    return run_suite(settings_for(base_url, tokens, place / "run", race_repeat=1, **values), SOME)


@contextmanager
def emulator() -> Iterator[tuple[str, Tokens]]:
    tokens = Tokens.generate()
    with EmulatorServer(use_microseconds(ServerConfig()).build(tokens)) as server:
        yield server.base_url, tokens


def check_conformant(record: RunResult) -> None:
    unjudged = [(v.line, v.reason) for v in record.verdicts if v.kind in {"inconclusive", "failed", "suite-error"}]
    assert record.decision.exit_code == 0, (record.decision.sentence, unjudged[:3])


@pytest.mark.parametrize("after", [1, 12, 60, 150])
def test_a_restart_of_three_seconds(after: int, tmp_path: Path) -> None:
    """While it is prepared, at the first scenarios, later: nothing is the worse for it."""
    chaos = Chaos(1, replace(QUIET, restart_after=after))
    with emulator() as (upstream, tokens), fronted(upstream, chaos) as base_url:
        record = judged(base_url, tokens, tmp_path)
    check_conformant(record)
    assert record.metadata.duration > 3
    assert record.metadata.leftovers == ()


def test_an_outage_that_is_too_long_is_inconclusive(tmp_path: Path) -> None:
    chaos = Chaos(1, replace(QUIET, restart_after=60, restart_seconds=600))
    with emulator() as (upstream, tokens), fronted(upstream, chaos) as base_url:
        began = time.monotonic()
        record = judged(base_url, tokens, tmp_path, outage=1.5)
    assert record.decision.exit_code == 3
    assert time.monotonic() - began < 20
    reasons = {v.reason.en for v in record.verdicts if v.reason is not None}
    assert any("no longer responds" in reason for reason in reasons)
    assert record.metadata.leftovers


@pytest.mark.parametrize("wait", ["0", "1", None])
def test_a_target_that_grants_fifteen_a_second_is_judged_slowly(wait: str | None, tmp_path: Path) -> None:
    tokens_left, last = 15.0, time.monotonic()
    headers = [("Content-Type", "application/json"), *([("Retry-After", wait)] if wait else [])]

    async def limited(_: Request, passed_on: Callable[[], Awaitable[Answer]]) -> Answer:
        nonlocal tokens_left, last
        now = time.monotonic()
        tokens_left, last = min(15.0, tokens_left + 15 * (now - last)), now
        if tokens_left < 1:
            return Answer(429, headers, b"{}")
        tokens_left -= 1
        return await passed_on()

    with emulator() as (upstream, tokens), between(upstream, limited) as base_url:
        record = judged(base_url, tokens, tmp_path)
    check_conformant(record)
    assert record.metadata.leftovers == (), "what was turned away is removed later"


def test_what_is_throttled_for_ever_suggests_another_rate(tmp_path: Path) -> None:
    """Acks alone meet a limit that lets none through."""

    async def throttled(request: Request, passed_on: Callable[[], Awaitable[Answer]]) -> Answer:
        return Answer(429, [("Retry-After-Ms", "1")], b"{}") if request.path.endswith("/ack") else await passed_on()

    with emulator() as (upstream, tokens), between(upstream, throttled) as base_url:
        record = judged(base_url, tokens, tmp_path, outage=1)
    assert record.decision.exit_code == 3
    reasons = [v.reason for v in record.verdicts if v.kind == "inconclusive" and v.reason is not None]
    assert reasons
    assert all("--max-rate" in reason.en and "--max-rate" in reason.zh for reason in reasons)


class BackEnds:
    """Two servers with a state of their own each, behind a balancer that sends every second request elsewhere."""

    def __init__(self, other: str, *, sticky: bool) -> None:
        self._other = Front(other, Chaos(0, QUIET), tls=None)
        self._sticky = sticky
        self._turn = 0

    async def __call__(self, request: Request, passed_on: Callable[[], Awaitable[Answer]]) -> Answer:
        cookies = [value for name, value in request.headers if name.lower() == "cookie" and "SERVERID=" in value]
        if cookies and self._sticky:
            server = cookies[0].partition("SERVERID=")[2][:1]
        else:
            self._turn += 1
            server = "ab"[self._turn % 2]
        answer = await (passed_on() if server == "a" else self._other._passed_on(request))
        return replace(answer, headers=[*answer.headers, ("Set-Cookie", f"SERVERID={server}; Path=/")])


@pytest.mark.parametrize("sticky", [False, True])
def test_back_ends_that_share_nothing_are_named(sticky: bool, tmp_path: Path) -> None:
    """Kept cookies do not hide it: other conversations would come to the other one."""
    tokens = Tokens.generate()
    server_config = use_microseconds(ServerConfig())
    with (
        EmulatorServer(server_config.build(tokens)) as one,
        EmulatorServer(server_config.build(tokens)) as other,
        between(one.base_url, BackEnds(other.base_url, sticky=sticky)) as base_url,
        pytest.raises(PreflightError, match="back ends do not share their state") as stopped,
    ):
        judged(base_url, tokens, tmp_path)
    assert "2 of 4 requests" in stopped.value.reason.en
    assert "后端" in stopped.value.reason.zh


def test_back_ends_that_share_their_state_are_one_target(tmp_path: Path) -> None:
    with emulator() as (upstream, tokens), between(upstream, BackEnds(upstream, sticky=True)) as base_url:
        check_conformant(judged(base_url, tokens, tmp_path))


class OneByOne(Front):
    """Serves the next connection when the one before is closed; `refuses`: closes it at once, else lets it wait."""

    def __init__(self, upstream: str, *, refuses: bool) -> None:
        super().__init__(upstream, Chaos(0, QUIET), tls=None)
        self.at_once = 0
        self._busy = asyncio.Lock()
        self._refuses = refuses

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses and self._busy.locked():
            writer.transport.abort()
            return
        async with self._busy:
            await super()._accept(reader, writer)

    async def answered(self, request: Request) -> Answer:
        self.at_once += 1
        return await self._meet(Fate(), request)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_server_that_takes_one_connection_at_a_time_is_judged_one_at_a_time(refuses: bool, tmp_path: Path) -> None:
    with emulator() as (upstream, tokens):
        front = OneByOne(upstream, refuses=refuses)
        with in_thread(front.serve):
            record = judged(f"http://127.0.0.1:{front.port}", tokens, tmp_path)
    by_race = {v.kind for v in record.verdicts if v.line.requirement == "ack.race.same-worker"}
    others = {v.kind for v in record.verdicts if not v.line.scenario.startswith("race")}
    assert others <= {"passed", "observed", "not-exercised"}, "nothing was lost"
    assert by_race == {"inconclusive"}, "what cannot overlap is no race"
    assert record.decision.exit_code == 3
    assert record.metadata.leftovers == ()
