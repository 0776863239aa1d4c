"""Whether the stated facts of a run agree with its transcripts: address, time, origin, bodies.

Every honest run agrees, whatever its server is like: one without Date headers, with a wrong clock, or behind a cache.
Each contradiction is named with an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from conformance.certificate import run_counts, run_origin, run_times, worker_consistency
from conformance.certificate.emulator_ids import is_emulator
from conformance.chapters.registry import every_scenario, worker_scenarios
from conformance.evidence import Evidence
from conformance.exchange import Exchange, Response, Transcript
from conformance.target import is_loopback
from conformance.text import Text

_WORK_API: Final = frozenset({"ack", "get", "poll", "list", "heartbeat", "stop", "update_metadata", "stats"})
"""The operations below the base URL; those that create work may be at another address (`--arrange-url`)."""

_NO_CONTENT: Final = frozenset({204, 304})
_REPLACED: Final = ("${", "$(", "[redacted]")
"""What a redacted body contains: its length is no longer that of the sent one."""

_SHOWN: Final = 3

_OTHER_TARGET: Final = Text(
    "The stated target is {url}, but some requests have another address, such as {other} ({where}).",
    "所述目标为 {url}，但有请求发往别处，例如 {other}（{where}）。",
)
_LENGTH: Final = Text(
    "The response body of {where} has {found} bytes, but its headers say {stated}: it was changed afterwards.",
    "{where} 的响应体为 {found} 字节，而其响应头声明为 {stated} 字节：响应体事后被改动过。",
)
_MODE: Final = Text(
    "The stated source of work items is `{mode}`, but {scenario} shows `{seen}`.",
    "所述 work item 来源为 `{mode}`，但 {scenario} 显示的是 `{seen}`。",
)
_MODE_UNSEEN: Final = Text(
    "The stated source of work items is `api`, but no request created work.",
    "所述 work item 来源为 `api`，但没有任何请求创建过 work。",
)
_EMBEDDED: Final = Text(
    "The run states the embedded emulator as its target, which contradicts another statement: {what}.",
    "该运行称其目标为内置模拟器，同时却又称{what}。",
)
_PROFILE: Final = Text(
    "The stated profile is `{profile}`, but {scenario} is a scenario of another one.",
    "所述 profile 为 `{profile}`，而 {scenario} 是另一个 profile 的场景。",
)
_WORKER: Final = Text(
    "The stated profile is `{profile}`, which contradicts the stated worker ({worker}).",
    "所述 profile 为 `{profile}`，与所述的 worker（{worker}）矛盾。",
)
_MORE: Final = Text("There are {n} more contradictions of this kind.", "此类矛盾另有 {n} 处。")


def contradictions(evidence: Evidence) -> list[Text]:
    """Return where the stated facts of a run contradict its transcripts."""
    own = _OF_WORKERS if evidence.metadata.profile == "worker" else _OF_SERVERS
    found: list[Text] = []
    for check in (
        _profile,
        *own,
        run_times.contradictions,
        run_origin.contradictions,
        run_counts.contradictions,
        _lengths,
    ):
        found += _first(check(evidence))
    return found


def on_emulator(evidence: Evidence) -> bool:
    """Return whether the target was the suite's own emulator: embedded, or served by itself."""
    return evidence.metadata.embedded or is_emulator(evidence.transcripts.values())


def _first(texts: Iterable[Text]) -> list[Text]:
    """Return the first few texts, and how many more there are."""
    every = list(texts)
    return every if len(every) <= _SHOWN else [*every[:_SHOWN], _MORE.format(n=len(every) - _SHOWN)]


def exchanges_of(transcript: Transcript) -> Iterator[Exchange]:
    """Yield every exchange of a transcript, with those of earlier attempts."""
    for attempt in (transcript.exchanges, *transcript.earlier_attempts):
        yield from attempt


def _profile(evidence: Evidence) -> Iterator[Text]:
    """Yield what a run of another profile recorded: of a worker instead of a server, or the reverse."""
    about = evidence.metadata
    of_worker = about.profile == "worker"
    if of_worker != (about.worker is not None):
        yield _WORKER.format(profile=about.profile, worker=str(about.worker)[:80])
    for name in evidence.transcripts:
        if name in every_scenario() and (name in worker_scenarios()) != of_worker:
            yield _PROFILE.format(profile=about.profile, scenario=name)


def _addresses(evidence: Evidence) -> Iterator[Text]:
    """Yield the transcripts with requests that are not below the base URL and prefix."""
    about = evidence.metadata
    root = about.base_url + about.api_prefix
    elsewhere: str | None = None
    for name, transcript in evidence.transcripts.items():
        for exchange in exchanges_of(transcript):
            url = exchange.request.url
            if url.startswith(f"{root}/"):
                continue
            if exchange.operation not in _WORK_API:
                address = _beside(exchange)
                elsewhere = elsewhere or address
                if address is not None and address == elsewhere:
                    continue
            yield _OTHER_TARGET.format(url=root, other=url.partition("?")[0][:200], where=f"{name}, {exchange.step}")
            break


def _beside(exchange: Exchange) -> str | None:
    """Return the address to which a request that creates work was sent; None for an unknown path."""
    for collection in ("/environments", "/agents", "/sessions", "/models"):
        address, found, _ = exchange.request.url.partition(collection)
        if found and "://" in address:
            return address
    return None


def _modes(evidence: Evidence) -> Iterator[Text]:
    """Yield the transcripts whose items came from another source than the stated one."""
    mode = evidence.metadata.arranged_by
    created = False
    for name, transcript in evidence.transcripts.items():
        seen = transcript.facts.get("arranged_by", mode)
        creates = any(exchange.operation == "create_session" for exchange in exchanges_of(transcript))
        created = created or creates
        if seen != mode:
            yield _MODE.format(mode=mode, scenario=name, seen=str(seen)[:40])
        elif creates and mode != "api":
            yield _MODE.format(mode=mode, scenario=name, seen="create_session")
    if mode == "api" and not created and any(transcript.exchanges for transcript in evidence.transcripts.values()):
        yield _MODE_UNSEEN


def _embedded(evidence: Evidence) -> Iterator[Text]:
    """Yield what cannot be true of a run on the embedded emulator."""
    about = evidence.metadata
    if not about.embedded:
        return
    if about.arranged_by != "api":
        mode = Text("prepared work items ({mode})", "使用预先准备的 work item（{mode}）").format(mode=about.arranged_by)
        yield _EMBEDDED.format(what=mode)
    if not is_loopback(about.base_url):
        yield _EMBEDDED.format(what=Text("{url}", "目标为 {url}").format(url=about.base_url))
    if about.insecure:
        yield _EMBEDDED.format(what=Text("--insecure", "使用了 --insecure"))


def _lengths(evidence: Evidence) -> Iterator[Text]:
    """Yield the responses whose body does not have the length that they state."""
    for name, transcript in evidence.transcripts.items():
        for exchange in exchanges_of(transcript):
            response = exchange.response
            if response is None or exchange.request.method == "HEAD":
                continue
            stated, where = _stated_length(response), f"{name}, {exchange.step}"
            body = response.body
            if stated is not None and stated != body.size:
                yield _LENGTH.format(where=where, found=body.size, stated=stated)
            elif body.problem is None and not any(mark in body.text for mark in _REPLACED):
                length = len(body.text.encode("utf-8", "surrogatepass"))
                if length != body.size:
                    yield _LENGTH.format(where=where, found=length, stated=body.size)


def _stated_length(response: Response) -> int | None:
    """Return the length that the body must have; None if it may differ from the header, or there is no header."""
    if response.body.problem in {"too-large", "bad-content-encoding"} or response.status in _NO_CONTENT:
        return None
    if any(response.header(name) is not None for name in ("content-encoding", "transfer-encoding")):
        return None
    values = [value.strip() for name, value in response.headers if name.lower() == "content-length"]
    if len(values) != 1 or not (values[0].isascii() and values[0].isdigit() and len(values[0]) < 16):
        return None
    return int(values[0])


_OF_SERVERS: Final[tuple[Callable[[Evidence], Iterator[Text]], ...]] = (
    _addresses,
    _modes,
    _embedded,
    run_origin.unbound_requests,
)
_OF_WORKERS: Final[tuple[Callable[[Evidence], Iterator[Text]], ...]] = (
    worker_consistency.other_addresses,
    worker_consistency.other_ids,
    worker_consistency.other_leases,
    worker_consistency.other_processes,
)
