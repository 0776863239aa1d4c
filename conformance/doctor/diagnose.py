"""Runs all checks in order: network, responses, and on request the creation of work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from conformance.arrange.cleanup import remove_resources
from conformance.arrange.command_arranger import release
from conformance.arrange.environments import RunResources
from conformance.arrange.item_source import ArrangeConfig
from conformance.arrange.journal import Journal, JournalInMemory, new_run_id
from conformance.arrange.preflight import PreflightError, preflight
from conformance.client.api import Api
from conformance.client.availability import TargetUnreachable
from conformance.client.client_session import run_with_client
from conformance.doctor.check_result import CheckResult, bad, good, unknown
from conformance.doctor.findings import findings
from conformance.doctor.network import check_network, skipped_results
from conformance.doctor.probes import send_probes
from conformance.reporting.escaping import escape_line
from conformance.target import ConfigurationError, Credentials, Limits, Target
from conformance.text import Text, join

_BY_API: Final = ArrangeConfig()
_PATIENCE: Final = 10.0
"""Seconds for each of name, connection and TLS, unless --timeout is shorter."""

_WHOLE: Final = 90.0
"""Seconds for all probes together, and for creating work; the clean-up has as many again."""

_HURRIED: Final = 8.0
"""Seconds for the clean-up after an interruption."""

_ON_THE_WAY: Final = ("dns", "tcp", "tls", "http", "prefix", "token", "rights", "kinds", "rate-limit", "clock")


def run_checks(
    target: Target, credentials: Credentials, limits: Limits, *, write: bool, arrange_config: ArrangeConfig = _BY_API
) -> list[CheckResult]:
    """Return all check results in order.

    Sends only GET requests unless `write` is set; then created objects are deleted again. With prepared items the
    account is not probed, since a run does not need it.
    """
    try:
        points = asyncio.run(check_network(target, within=min(limits.timeout, _PATIENCE)))
        if _stopped(points):
            return [*points, *skipped_results(points, _ON_THE_WAY), _NOT_TRIED]
        if arrange_config.mode != "api":
            return [*points, *_given(target, credentials, limits, arrange_config, write=write)]
        answers = run_with_client(target, credentials, limits, send_probes, within=_WHOLE, tries=1)
        points += findings(answers, target)
        points += skipped_results(points, _ON_THE_WAY)
        if not write:
            return [*points, _NOT_TRIED]
        if not _stopped(points):
            points += _made(target, credentials, limits)
    except ConfigurationError as error:
        return [bad("settings", error.reason, _SETTINGS_FIX)]
    except TargetUnreachable:
        points += [bad("http", _SLOW, Text("try again when the target is less busy", "请在目标不繁忙时重试"))]
        points += skipped_results(points, _ON_THE_WAY)
    except TimeoutError:
        points += [unknown("http", _SLOW, Text("try again when the target is less busy", "请在目标不繁忙时重试"))]
        points += skipped_results(points, _ON_THE_WAY)
    return points


_NOT_TRIED: Final = unknown(
    "work", Text("not tried; use --write to try it and clean up", "未尝试；加 --write 会实际创建，随后删除")
)


def _given(
    target: Target, credentials: Credentials, limits: Limits, arrange_config: ArrangeConfig, *, write: bool
) -> Iterator[CheckResult]:
    """Start like a run on prepared items; only with `write` is the program asked to create and release some."""
    if arrange_config.mode == "command" and not write:
        yield _NOT_TRIED
        return
    journal = JournalInMemory()

    async def begin(api: Api) -> RunResources:
        return await preflight(api, journal, new_run_id(), arrange_config)

    async def give_back(api: Api) -> list[str]:
        return await release(arrange_config.program(api), journal.claimed(), at_once=limits.concurrency)

    try:
        run_resources = run_with_client(target, credentials, limits, begin, within=_WHOLE)
    except PreflightError as stop:
        yield bad("work", Text(escape_line(stop.reason.en, 400), escape_line(stop.reason.zh, 400)), _GIVEN_FIX)
    else:
        yield _shown(run_resources)
    if arrange_config.mode == "command":
        yield _left(run_with_client(target, credentials, limits, give_back))
        arrange_config.close()


def _shown(run_resources: RunResources) -> CheckResult:
    """Return what the prepared items lack, if anything."""
    lacks = [Text.from_json(reason) for reason in run_resources.missing.values()]
    if not lacks or (
        run_resources.quiet and run_resources.cloud and not run_resources.missing.keys() - {"quiet", "cloud"}
    ):
        return good("work", Text("the target returns a prepared item", "目标能返回预先准备的 item"))
    return unknown(
        "work",
        join(Text("; ", "；"), [Text(escape_line(t.en, 200), escape_line(t.zh, 200)) for t in lacks]),
        _GIVEN_FIX,
    )


def _left(sentences: list[str]) -> CheckResult:
    if not sentences:
        return good("clean-up", Text("all items were released", "已全部释放"))
    return unknown(
        "clean-up",
        Text("not released: {first}", "未释放：{first}").format(first=escape_line(sentences[0], 300)),
        Text("delete it by hand", "请手动删除"),
    )


_GIVEN_FIX: Final = Text(
    "check the manifest with `work-conformance manifest check`, or the output of the program",
    "请用 `work-conformance manifest check` 检查清单，或检查程序的输出",
)
_SETTINGS_FIX: Final = Text("see `work-conformance doctor --help`", "参见 `work-conformance doctor --help`")
_SLOW: Final = Text("the target did not respond in time", "目标未在时限内响应")


def _stopped(points: list[CheckResult]) -> bool:
    return any(point.state == "bad" for point in points)


def _made(target: Target, credentials: Credentials, limits: Limits) -> Iterator[CheckResult]:
    """Create what a run creates before its first scenario, wait for an item, and delete everything.

    After an interruption everything is deleted too, in less time.
    """
    run_id = new_run_id()
    journal = JournalInMemory()
    within = _WHOLE
    try:
        run_resources = run_with_client(
            target, credentials, limits, lambda api: preflight(api, journal, run_id), within=_WHOLE
        )
    except PreflightError as stop:
        text = Text(escape_line(stop.reason.en, 400), escape_line(stop.reason.zh, 400))
        yield bad("work", text, _WORK_FIX)
    except TimeoutError:
        yield bad("work", _SLOW, _WORK_FIX)
    except KeyboardInterrupt:
        within = _HURRIED
        yield bad("work", Text("interrupted", "已中断"), Text("run it again", "请重新运行"))
    else:
        yield _places(second=run_resources.quiet is not None, cloud=run_resources.cloud is not None)
    yield from _cleaned(target, credentials, limits, journal, run_id, within=within)


_WORK_FIX: Final = Text(
    "give the token permission to create, or use prepared items: --arrange manifest or command",
    "请授予 token 创建权限，或使用预先准备的 item：--arrange manifest 或 command",
)


def _places(*, second: bool, cloud: bool) -> CheckResult:
    if second and cloud:
        return good(
            "work",
            Text(
                "created three environments, an agent and a session; an item was delivered",
                "已创建三个环境、一个 agent 和一个会话，且有一个 item 被投递",
            ),
        )
    missing = Text("a second self-hosted environment", "第二个 self-hosted 环境") if not second else _NOT_SELF_HOSTED
    return unknown(
        "work",
        Text(
            "an item was delivered, but {missing} could not be created", "有一个 item 被投递，但无法创建{missing}"
        ).format(missing=missing),
        Text(
            "requirements that need it will be inconclusive; raise the token's limit of environments",
            "需要它的要求将无法判定；请放宽该 token 的环境数量限制",
        ),
    )


_NOT_SELF_HOSTED: Final = Text("one that is not self-hosted", "非 self-hosted 的环境")


def _cleaned(
    target: Target, credentials: Credentials, limits: Limits, journal: Journal, run_id: str, *, within: float
) -> Iterator[CheckResult]:
    async def clean(api: Api) -> int:
        return len(await remove_resources(api, journal.read(), within=within))

    try:
        left = run_with_client(target, credentials, limits, clean)
    except KeyboardInterrupt:
        if within > _HURRIED:  # after the first interruption: try once more, in less time
            yield from _cleaned(target, credentials, limits, journal, run_id, within=_HURRIED)
            return
        left = len(journal.read())
    if not left:
        yield good("clean-up", Text("everything was deleted", "已全部删除"))
        return
    yield unknown(
        "clean-up",
        Text("objects left: {n}", "遗留 {n} 个对象").format(n=left),
        Text(
            "delete them with `work-conformance clean --run-id {run}`",
            "请用 `work-conformance clean --run-id {run}` 删除",
        ).format(run=run_id),
    )
