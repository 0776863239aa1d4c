"""Checks before the run: does the target respond, does it accept the credentials, can work be arranged?"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from conformance.arrange.api_arranger import ApiArranger
from conformance.arrange.command_arranger import ArrangeProgram, Place, request_for
from conformance.arrange.environment_tokens import add_environment_tokens
from conformance.arrange.environments import RunResources, create_run_resources, worker_mismatch_reason_key
from conformance.arrange.inconsistent_replicas import detect_inconsistent_replicas
from conformance.arrange.item_source import ArrangeConfig
from conformance.arrange.item_spec import LIVE_STATES, ItemSpec
from conformance.arrange.journal import Journal
from conformance.arrange.manifest import Manifest
from conformance.arrange.refusals import NO_ROUTE, outcome, refusal_text
from conformance.arrange.responses import CannotArrange, NoUsableResponse, require_response
from conformance.client.api import Api
from conformance.client.availability import TargetUnreachable
from conformance.client.client import Client
from conformance.exchange import Exchange, Header
from conformance.target import ConfigurationError
from conformance.text import Text

_REFUSED: Final = frozenset({401, 403})
_BY_API: Final = ArrangeConfig()
_LOOKED_AT: Final = tuple(ItemSpec(transitions=transitions) for transitions in LIVE_STATES.values())
"""The items that a program is tested with: one in each state in which its worker's ack succeeds."""
_LOST: Final = 3
"""How often preparation starts again because a response was lost while the target was available."""

_UNKNOWN_LATENCY: Final = 0.0
_TRIED: Final = 3
"""Maximum items of a manifest to read before giving up."""


class PreflightError(Exception):
    """The run cannot begin; `reason` is one sentence that says how to fix it."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


async def preflight(api: Api, journal: Journal, run_id: str, arrange_config: ArrangeConfig = _BY_API) -> RunResources:
    """Reach the target and prepare what all scenarios share. Creates nothing if the items are prepared elsewhere.

    Raises:
        PreflightError: any of this fails.
    """
    try:
        if arrange_config.manifest is not None:
            run_resources, latency = await _manifested(api, run_id, arrange_config.manifest), _UNKNOWN_LATENCY
        elif arrange_config.command:  # a token without the right to list environments may suffice for provided items
            latency = _UNKNOWN_LATENCY
        else:
            listing = await api.list_objects("preflight", "environments")
            require_authorized(listing, api.client)
            latency = listing.completed - listing.invoked
        given = arrange_config.manifest is not None or bool(arrange_config.command)
        two = given or await api.client.accepts_two_connections(latency)
        if arrange_config.command:
            run_resources = await _commanded(api, arrange_config.program(api), journal, run_id)
        elif arrange_config.manifest is None:
            run_resources = await _arranged(api, journal, run_id)
        return replace(run_resources, one_connection=not two)
    except TargetUnreachable:
        raise PreflightError(_unreachable(api.client, None)) from None


async def _arranged(api: Api, journal: Journal, run_id: str) -> RunResources:
    """Create the environments and the agent, and have one work item delivered; start again if a response was lost."""
    host, again, lost = api.client.target.host, "", 0
    while True:
        outages = api.client.outages
        try:
            run_resources = await create_run_resources(api, journal, run_id, again=again)
            item = await ApiArranger(api, run_resources, journal, f"preflight{again}").item(ItemSpec(named=False), None)
        except NoUsableResponse as loss:
            lost += 1
            await api.client.wait_until_available()
            if loss.exchange.outcome == "fail" or (lost > _LOST and outages == api.client.outages):
                raise PreflightError(_unreachable(api.client, loss.exchange)) from None
            again = f"-{lost + 1}"
            continue
        except CannotArrange as stop:
            words = Text(
                "No work items can be set up at {host}: {reason} {hint}", "无法在 {host} 上准备 work：{reason}{hint}"
            )
            refused = words.format(host=host, reason=stop.reason, hint=_hint(stop.status))
            raise PreflightError(await _split(api, journal) or refused) from None
        split = await detect_inconsistent_replicas(api, item.environment_id, item.work_id)
        if split is not None:
            raise PreflightError(split)
        return run_resources


async def _split(api: Api, journal: Journal) -> Text | None:
    """Return a sentence if only some back ends know the environment, which may be the cause."""
    made = next((m.id for m in journal.read() if m.collection == "environments" and m.id is not None), None)
    return await detect_inconsistent_replicas(api, made) if made is not None else None


def _hint(status: int | None) -> Text:
    """Return how to fix a refusal; a missing route has nothing to do with tokens."""
    if status in NO_ROUTE:
        return Text(
            "Check --base-url and --api-prefix. If this route has another address, give it as --arrange-url. If the"
            " server does not have it, use prepared items (--arrange manifest or command).",
            "请检查 --base-url 和 --api-prefix。如果该路由在其他地址，请用 --arrange-url 指定；如果服务器没有该路由，"
            "请使用预先准备的 item（--arrange manifest 或 command）。",
        )
    if status in _REFUSED:
        return Text(
            "Check that the token may create environments, agents and sessions.",
            "请确认 token 有权创建环境、agent 和会话。",
        )
    return Text(
        "Check the target's log, or use prepared items (--arrange manifest or command).",
        "请查看目标的日志，或使用预先准备的 item（--arrange manifest 或 command）。",
    )


async def _manifested(api: Api, run_id: str, manifest: Manifest) -> RunResources:
    """Check that the target knows at least one of the manifest's first items."""
    host = api.client.target.host
    _learn(api.client, manifest.pat_variables)
    answers = []
    for entry in manifest.items[:_TRIED]:
        answers.append(await api.get("preflight", entry.environment_id, entry.work_id))
        require_authorized(answers[-1], api.client, _variable_of(api.client, entry.environment_id))
        if status_of(answers[-1]) == HTTPStatus.OK:
            break
    else:
        raise PreflightError(
            Text(
                "{host} does not return the manifest's first items: {refusal}. Check that the manifest was "
                "made for this target, and that --base-url and --api-prefix are correct.",
                "{host} 没有显示清单中的前几个 item：{refusal}。请确认清单是为该目标生成的，"
                "且 --base-url 与 --api-prefix 正确。",
            ).format(host=host, refusal=refusal_text(answers[0]))
        )
    lacking = Text("{name} is null in the manifest", "清单中的 {name} 为 null")
    return RunResources(
        run_id=run_id,
        main=manifest.items[0].environment_id,
        agent="",
        quiet=manifest.second_environment_id,
        cloud=manifest.cloud_environment_id,
        missing={
            "quiet": lacking.format(name="`second_environment_id`").to_json(),
            "cloud": lacking.format(name="`cloud_environment_id`").to_json(),
        },
        pat_envs=manifest.pat_variables,
    )


async def _commanded(api: Api, program: ArrangeProgram, journal: Journal, run_id: str) -> RunResources:
    """Request two environments from the program, and check that the target knows its items.

    Few scenarios need these environments; without one of them, only these scenarios are inconclusive.
    """
    found: dict[str, str] = {}
    missing: dict[str, dict[str, str]] = {}
    places: dict[str, Place] = {"quiet": "second-environment", "cloud": "cloud-environment"}
    for name, place in places.items():
        try:
            given = await program.environment(place)
        except CannotArrange as failure:
            missing[name] = failure.reason.to_json()
        else:
            found[name] = given.environment_id
            journal.claim(given.environment_id, None, given.pat_env)
    _learn(api.client, journal.pat_variables)
    missing |= await _see_given(api, program, journal)
    return RunResources(
        run_id=run_id,
        main="",
        agent="",
        quiet=found.get("quiet"),
        cloud=found.get("cloud"),
        missing=missing,
        pat_envs=journal.pat_variables,
    )


async def _see_given(api: Api, program: ArrangeProgram, journal: Journal) -> dict[str, dict[str, str]]:
    """Request a few items from the program and read them. Touches nothing else of the account.

    Returns the program's mistakes by their key in `RunResources.missing`. A program that provides no items does not
    stop the run: each scenario without an item reports that itself.
    """
    faults = {}
    for item_spec in _LOOKED_AT:
        with contextlib.suppress(CannotArrange, NoUsableResponse):
            fault = await _fault(api, program, journal, item_spec)
            if fault is not None:
                faults[worker_mismatch_reason_key(item_spec.state)] = fault.to_json()
    return faults


async def _fault(api: Api, program: ArrangeProgram, journal: Journal, item_spec: ItemSpec) -> Text | None:
    """Return a mistake if the program does not poll as the worker that was requested; None otherwise.

    If that worker's ack is refused, an item without a worker is the control. A target that accepts its ack does not
    refuse the state, so it must consider the first item as another worker's.
    """
    worker = f"conformance-{secrets.token_hex(6)}"
    named = await _acked(api, program, journal, item_spec, worker)
    if named is None or status_of(named) != HTTPStatus.CONFLICT:
        return None
    control = await _acked(api, program, journal, item_spec, None)
    if control is None or status_of(control) != HTTPStatus.OK:
        return None
    return Text(
        "The --arrange-command program seems to poll `{state}` items as a different worker than requested. "
        "The target refuses the requested worker's ack ({outcome}), and accepts an ack of an item without a "
        "worker.",
        "准备 `{state}` 的 item 时，程序执行 poll 所用的 worker 似乎与请求的不同：目标拒绝所请求的 worker 的 ack"
        "（{outcome}），却接受对没有 worker 的 item 的 ack。",
    ).format(state=item_spec.state, outcome=outcome(named))


async def _acked(
    api: Api, program: ArrangeProgram, journal: Journal, item_spec: ItemSpec, worker: str | None
) -> Exchange | None:
    """Request an item, read it, and ack it as the requested worker. Return None if it does not exist."""
    given = await program.item(request_for(item_spec, worker), item_spec.state)
    journal.claim(given.environment_id, given.work_id, given.pat_env)
    _learn(api.client, journal.pat_variables)
    exchange = await api.get("preflight", given.environment_id, given.work_id)
    require_authorized(exchange, api.client, _variable_of(api.client, given.environment_id))
    if status_of(exchange) != HTTPStatus.OK:
        return None
    headers: tuple[Header, ...] = () if worker is None else ((api.client.target.worker_header, worker),)
    return require_response(await api.ack("preflight", given.environment_id, given.work_id, headers=headers))


def _learn(client: Client, pat_envs: Mapping[str, str]) -> None:
    try:
        add_environment_tokens(client, pat_envs)
    except ConfigurationError as error:
        raise PreflightError(error.reason) from None


def _variable_of(client: Client, environment_id: str) -> str:
    return client.token_for_environment(environment_id).variable.strip("${}")


def status_of(exchange: Exchange) -> int:
    """Return the status of a response; 0 if there was none."""
    return exchange.response.status if exchange.response is not None else 0


def require_authorized(exchange: Exchange, client: Client, variable: str | None = None) -> None:
    """Check that the first response allows the run to go on. A target may lack this list and have all other routes.

    `variable` is that of the token that was sent, by default the main token's.

    Raises:
        PreflightError: the target is unreachable, refuses the credentials, or redirects.
    """
    host, response = client.target.host, exchange.response
    if response is None or exchange.outcome != "ok":
        raise PreflightError(_unreachable(client, exchange))
    if response.status in _REFUSED:
        raise PreflightError(
            Text(
                "{host} refuses the token in {variable} ({outcome}). Set {variable} to a valid token of this target.",
                "{host} 拒绝了 {variable} 中的 token（{outcome}）。请将 {variable} 设置为该目标的有效 token。",
            ).format(
                host=host,
                outcome=outcome(exchange),
                variable=variable or client.credentials.pat.variable.strip("${}"),
            )
        )
    if 300 <= response.status < 400:
        raise PreflightError(
            Text(
                "{host} redirects (HTTP {status}), and redirects are not followed. Give the final address as --base-url.",
                "{host} 返回重定向（HTTP {status}），本套件不跟随重定向。请以最终地址作为 --base-url。",
            ).format(host=host, status=response.status)
        )


def _unreachable(client: Client, exchange: Exchange | None) -> Text:
    if client.trouble is not None:
        why, hint = client.trouble.text, client.trouble.hint
    else:
        problem = outcome(exchange)[:_SHOWN] if exchange is not None else "no connection"
        why, hint = Text(problem, problem), _CHECK
        if exchange is not None and status_of(exchange) == HTTPStatus.TOO_MANY_REQUESTS:
            hint = _TURNED_AWAY
    return Text("{host} cannot be reached: {why}; {hint}.", "无法连接 {host}：{why}；{hint}。").format(
        host=client.target.host, why=why, hint=hint
    )


_SHOWN: Final = 200
_CHECK: Final = Text("check the address, and that the server is up", "请检查地址，并确认服务器已启动")
_TURNED_AWAY: Final = Text(
    "wait until its rate limit allows more requests, and lower the rate with --max-rate",
    "请等待其速率限制恢复，并用 --max-rate 降低速率",
)
