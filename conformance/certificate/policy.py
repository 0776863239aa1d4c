"""What a verifier expects of a certificate beyond validity, as a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final

from conformance.certificate.run_times import begin_of
from conformance.chapters.registry import every_scenario
from conformance.contract.catalogue import load_catalogue
from conformance.evidence import Evidence
from conformance.exchange import Transcript
from conformance.judging.repetition import REPETITIONS_FACT
from conformance.judging.run_result import RunMetadata
from conformance.target import is_loopback
from conformance.text import Text, join

FORMAT: Final = "work-conformance-policy/1"
TOKENS: Final = ("forbidden", "foreign", "expired")
_AHEAD: Final = timedelta(days=1)
"""How far ahead of the verifier's clock a run may be: clocks and time zones differ."""

_TOKEN: Final = Text(
    "The run had no token for `{name}` (QODER_{variable}_PAT).", "该运行没有 `{name}` token（QODER_{variable}_PAT）。"
)
_RACES: Final = Text(
    "Races ran fewer than {n} times: {names}. Run with --race-repeat {n}.",
    "有并发场景的执行次数少于 {n}：{names}。请用 --race-repeat {n} 运行。",
)
_SET: Final = Text("The requirement set is {found}, the newest is {newest}.", "要求集版本为 {found}，最新为 {newest}。")
_LOOPBACK: Final = Text("The target {url} was on the suite's own machine.", "目标 {url} 与套件在同一台机器上。")
_TLS: Final = Text("The identity of {url} was not verified (https).", "未核实 {url} 的身份（https）。")
_AGE: Final = Text("The run is {days} days old; at most {n} are allowed.", "该运行距今 {days} 天，至多允许 {n} 天。")
_FUTURE: Final = Text("The run began in the future: {at}.", "该运行的开始时间在未来：{at}。")
_BOUND: Final = Text(
    "The certificate is unbound: the run named no product before its first request (run --challenge --for).",
    "证书未绑定：该运行在首个请求之前没有指明产品（run --challenge --for）。",
)
_WITNESS: Final = Text("No owner of a given witness key signed it.", "没有见证方用所给密钥签名。")
_ATTACHED: Final = Text(
    "The worker was started by hand (--attach), so its output was not read and no signal was sent.",
    "worker 由手动启动（--attach），因此没有读取其输出，也没有发送信号。",
)
_LEASES: Final = Text(
    "Leases lasted {seconds} s, less than the documented ones. Run with --real-leases.",
    "租约为 {seconds} 秒，短于文档所述。请用 --real-leases 运行。",
)
_DEMO: Final = Text("It is a demonstration, not a product.", "它是演示，并非产品。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is demanded; the default of each field demands nothing.

    Tokens, races, loopback and TLS concern servers. A worker is always judged on loopback, without such tokens.
    `registry_max_age_days` is about the index of a registry, not about a certificate; if it is None, the default of
    `verify` applies.
    """

    tokens: tuple[str, ...] = ()
    race_repetitions: int = 0
    newest_requirements: bool = False
    no_loopback: bool = False
    verified_tls: bool = False
    max_age_days: int | None = None
    bound: bool = False
    witnessed: bool = False
    registry_max_age_days: int | None = None
    worker_started_by_suite: bool = False
    worker_real_leases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a policy is compared with: a certificate, or a run that is to get one."""

    evidence: Evidence
    catalogue: str
    demonstration: bool = False
    witnessed: bool = False


def shipped_policy() -> bytes:
    """Return the TOML file of the policy that comes with the suite."""
    return files("conformance.certificate").joinpath("policy.toml").read_bytes()


def parse_policy(content: bytes) -> Policy:
    """Return the policy in a TOML file.

    Raises:
        ValueError: it is not TOML, or not a policy.
    """
    try:
        return _policy(tomllib.loads(content.decode("utf-8")))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def shortfalls(policy: Policy, candidate: Candidate, *, at: datetime) -> list[Text]:
    """Return what a certificate lacks by a policy at a point in time."""
    if candidate.demonstration:
        return [_DEMO]
    found = [*_run(policy, candidate.evidence), *_age(policy, candidate.evidence, at)]
    newest = load_catalogue().version
    if policy.newest_requirements and candidate.catalogue != newest:
        found.append(_SET.format(found=candidate.catalogue, newest=newest))
    if policy.bound and candidate.evidence.binding is None:
        found.append(_BOUND)
    if policy.witnessed and not candidate.witnessed:
        found.append(_WITNESS)
    return found


def _run(policy: Policy, evidence: Evidence) -> Iterator[Text]:
    if evidence.metadata.profile == "worker":
        yield from _worker(policy, evidence.metadata)
    else:
        yield from _server(policy, evidence)


def _worker(policy: Policy, about: RunMetadata) -> Iterator[Text]:
    if policy.worker_started_by_suite and about.by_hand:
        yield _ATTACHED
    if policy.worker_real_leases and not about.real_leases:
        yield _LEASES.format(seconds=str(about.lease_seconds)[:20])


def _server(policy: Policy, evidence: Evidence) -> Iterator[Text]:
    about = evidence.metadata
    for name in policy.tokens:
        if not any(every_scenario()[each].token == name for each in _complete(evidence)):
            yield _TOKEN.format(name=name, variable=name.upper())
    few = [
        Text(name, name)
        for name, transcript in _complete(evidence).items()
        if every_scenario()[name].race and _repetitions(transcript) < policy.race_repetitions
    ]
    if few:
        yield _RACES.format(n=policy.race_repetitions, names=join(Text(", ", "、"), few))
    if policy.no_loopback and (about.embedded or is_loopback(about.base_url)):
        yield _LOOPBACK.format(url=about.base_url)
    if policy.verified_tls and (about.insecure or not about.base_url.startswith("https://")):
        yield _TLS.format(url=about.base_url)


def _age(policy: Policy, evidence: Evidence, at: datetime) -> Iterator[Text]:
    begin = begin_of(evidence.metadata)
    if begin is None or policy.max_age_days is None:
        return
    if begin - at > _AHEAD:
        yield _FUTURE.format(at=evidence.metadata.started_at)
    elif (at - begin).days > policy.max_age_days:
        yield _AGE.format(days=(at - begin).days, n=policy.max_age_days)


def _complete(evidence: Evidence) -> dict[str, Transcript]:
    """Return the transcripts of this version's scenarios that ran to their end."""
    return {
        name: transcript
        for name, transcript in evidence.transcripts.items()
        if name in every_scenario() and transcript.ending.kind == "complete"
    }


def _repetitions(transcript: Transcript) -> int:
    """Return how often a scenario ran."""
    fact = transcript.facts.get(REPETITIONS_FACT)
    times = fact.get("held") if isinstance(fact, dict) else 1
    return times if isinstance(times, int) else 0


def _policy(data: Mapping[str, Any]) -> Policy:
    """Return the policy in a table.

    Raises:
        ValueError: it has another format, an unknown key, or a value of the wrong type.
    """
    values = dict(data)
    if values.pop("format", None) != FORMAT:
        raise ValueError(f'expected format = "{FORMAT}"')
    kinds = {field.name: str(field.type) for field in fields(Policy)}
    for name, value in values.items():
        kind = kinds.get(name)
        if kind is None:
            raise ValueError(f"unknown key {name}")
        if name == "tokens":
            right = isinstance(value, list) and all(each in TOKENS for each in value)
        elif kind == "bool":
            right = isinstance(value, bool)
        else:
            right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if not right:
            raise ValueError(f"{name} = {value!r}")
    return Policy(**{**values, "tokens": tuple(values.get("tokens", ()))})
