"""Whether the stated facts of a run that judged a worker agree with its transcripts.

The scripted server hands out ids that follow from the run, its binding and the scenario, and the worker sends them back.
So a transcript of another run, scenario, challenge or product shows other ids.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from conformance import __version__
from conformance.chapters.registry import worker_scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import OPERATIONS
from conformance.evidence import Evidence
from conformance.exchange import ARRANGED_BY, SCRIPT, Exchange, Transcript
from conformance.judging.run_result import RunMetadata
from conformance.target import DEFAULT_API_PREFIX
from conformance.text import Text
from conformance.worker_harness.script import REAL_LEASE, SHORT_LEASE
from conformance.worker_harness.scripted_ids import ScriptedIds
from conformance.worker_harness.scripted_server import OTHER_HOST, REDIRECTED, SCRIPTED_SERVER
from conformance.worker_harness.steps import sender_of

_SHOWN: Final = 80

_TARGET: Final = Text(
    "The stated target is {url}, but a worker is judged on the scripted server, {own}.",
    "所述目标为 {url}，而评测 worker 使用的是脚本服务器 {own}。",
)
_OTHER_ADDRESS: Final = Text(
    "{scenario} has a request with another address than the scripted server's: {url} ({step}).",
    "{scenario} 中有请求发往脚本服务器以外的地址：{url}（{step}）。",
)
_NO_SCRIPT: Final = Text(
    "{scenario} was not recorded by the scripted server for workers.",
    "{scenario} 不是由评测 worker 的脚本服务器记录的。",
)
_OTHER_IDS: Final = Text(
    "The ids of {scenario} do not follow from the run, its challenge and its product: it is from another run or scenario.",
    "{scenario} 的 id 与该运行及其 challenge、产品不符：它来自另一次运行或另一个场景。",
)
_OTHER_REQUEST: Final = Text(
    "A request or response of {scenario} shows an id of another run or scenario: {id} ({step}).",
    "{scenario} 的请求或响应中有另一次运行或另一个场景的 id：{id}（{step}）。",
)
_LEASE: Final = Text(
    "{scenario} does not have the leases that the run states ({seconds} s).",
    "{scenario} 的租约与该运行所述的不符（{seconds} 秒）。",
)
_NO_LEASE: Final = Text(
    "The run states leases of {seconds} s, which no run has.", "该运行称租约为 {seconds} 秒，而没有运行使用这样的租约。"
)
_JOB: Final = Text(
    "{scenario} states jobs of another length, or another number of items, than its script.",
    "{scenario} 所述的任务时长或 item 数与其脚本不符。",
)
_PROCESSES: Final = Text(
    "{scenario} contradicts how the worker was started ({how}).", "{scenario} 与 worker 的启动方式（{how}）不符。"
)


def other_addresses(evidence: Evidence) -> Iterator[Text]:
    """Yield the transcripts with requests that no scripted server recorded, and a stated target that is none."""
    about = evidence.metadata
    if about.base_url != SCRIPTED_SERVER or about.api_prefix != DEFAULT_API_PREFIX or about.embedded or about.insecure:
        yield _TARGET.format(url=(about.base_url + about.api_prefix)[:_SHOWN], own=SCRIPTED_SERVER)
    for name, transcript in _played(evidence):
        if transcript.facts.get(ARRANGED_BY) != SCRIPT:
            yield _NO_SCRIPT.format(scenario=name)
        for exchange in transcript.exchanges:
            host = f"http://{OTHER_HOST}" if exchange.operation == REDIRECTED else SCRIPTED_SERVER
            if not exchange.request.url.startswith(f"{host}/"):
                url = exchange.request.url[:_SHOWN]
                yield _OTHER_ADDRESS.format(scenario=name, url=url, step=exchange.step)
                break


def other_ids(evidence: Evidence) -> Iterator[Text]:
    """Yield the transcripts whose ids do not follow from the run, its binding and the scenario."""
    binding = evidence.binding.digest if evidence.binding is not None else None
    for name, transcript in _played(evidence):
        ids = ScriptedIds(run=evidence.metadata.run_id, scenario=name, binding=binding)
        if not _states(transcript, ids):
            yield _OTHER_IDS.format(scenario=name)
            continue
        known = {ids.environment, *transcript.facts["items"].values()}
        for exchange in transcript.exchanges:
            strange = next((each for each in _ids_in(exchange) if each not in known), None)
            if strange is not None:
                yield _OTHER_REQUEST.format(scenario=name, id=strange[:_SHOWN], step=exchange.step)
                break


def other_leases(evidence: Evidence) -> Iterator[Text]:
    """Yield where the lengths of leases and jobs contradict the stated ones, or the answers to heartbeats."""
    about = evidence.metadata
    lease = about.lease_seconds
    if lease not in (SHORT_LEASE, REAL_LEASE):
        yield _NO_LEASE.format(seconds=str(lease)[:_SHOWN])
        return
    for name, transcript in _played(evidence):
        facts = transcript.facts
        stated = facts.get("lease_seconds") == lease and facts.get("real_leases") is about.real_leases
        if not stated or not all(_is_whole_lease(each, lease) for each in transcript.exchanges):
            yield _LEASE.format(scenario=name, seconds=f"{lease:g}")
        elif _is_of_this_version(about) and not _follows_script(transcript, lease):
            yield _JOB.format(scenario=name)


def other_processes(evidence: Evidence) -> Iterator[Text]:
    """Yield the transcripts that contradict how the worker was started: by the suite, or by hand."""
    about = evidence.metadata
    for name, transcript in _played(evidence):
        workers = transcript.facts.get("workers")
        senders = {sender_of(exchange.step) for exchange in transcript.exchanges if exchange.operation != REDIRECTED}
        right = (
            workers == {} if about.by_hand else isinstance(workers, dict) and bool(workers) and senders <= {*workers}
        )
        if not right:
            yield _PROCESSES.format(scenario=name, how=str(about.worker)[:_SHOWN])


def _played(evidence: Evidence) -> Iterator[tuple[str, Transcript]]:
    """Yield the transcripts of scenarios that began; the others show nothing."""
    for name, transcript in evidence.transcripts.items():
        if transcript.exchanges or transcript.ending.kind == "complete":
            yield name, transcript


def _states(transcript: Transcript, ids: ScriptedIds) -> bool:
    """Return whether the facts of a transcript name these ids."""
    items = transcript.facts.get("items")
    numbers = range(len(items) if isinstance(items, dict) else 0)
    wanted: dict[str, Any] = {
        "environment_id": ids.environment,
        "items": {f"item {number + 1}": ids.item(number) for number in numbers},
        "sessions": {f"item {number + 1}": ids.session(number) for number in numbers},
    }
    return all(transcript.facts.get(name) == value for name, value in wanted.items())


def _ids_in(exchange: Exchange) -> Iterator[str]:
    """Yield the ids of environments in the path of a request, and the ids of work items in its response."""
    if exchange.operation not in OPERATIONS:
        return
    segments = [unquote(each) for each in exchange.request.url.partition("?")[0].split("/")]
    if "environments" in segments[:-1]:
        yield segments[segments.index("environments") + 1]
    value = exchange.response.json() if exchange.response is not None else None
    if isinstance(value, dict) and value.get("type") == "work":
        yield from (str(value.get(name)) for name in ("id", "environment_id"))


def _is_whole_lease(exchange: Exchange, lease: float) -> bool:
    """Return whether a successful heartbeat got one or more whole leases, as scripts say."""
    response = exchange.response
    if exchange.operation != "heartbeat" or response is None or response.status != 200:
        return True
    value = response.json()
    ttl = value.get("ttl_seconds") if isinstance(value, dict) else None
    return type(ttl) is int and ttl > 0 and ttl % int(lease) == 0


def _is_of_this_version(about: RunMetadata) -> bool:
    """Return whether the installed scripts are those of the run: another version may have changed them."""
    return (about.suite_version, about.catalogue_version) == (__version__, load_catalogue().version)


def _follows_script(transcript: Transcript, lease: float) -> bool:
    scenario = worker_scenarios().get(transcript.scenario)
    if scenario is None:
        return True
    job, items = transcript.facts.get("job_seconds"), transcript.facts.get("items")
    right = isinstance(job, float) and math.isclose(job, scenario.script.job_leases * lease)
    return right and isinstance(items, dict) and len(items) == scenario.script.items
