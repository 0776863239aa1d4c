"""Before anything is judged: is the target there, are the credentials accepted, can work be arranged?"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from conformance.arrange.arrangement import Arrangement
from conformance.arrange.items import ApiArranger
from conformance.arrange.journal import Journal
from conformance.arrange.manifest import Manifest
from conformance.arrange.program import Place, Program
from conformance.arrange.reading import AnswerLost, CannotArrange
from conformance.arrange.wants import Want
from conformance.arrange.workspace import Workspace, prepare
from conformance.client.api import Api
from conformance.client.client import TargetGone
from conformance.exchange import Exchange
from conformance.text import Text

_REFUSED: Final = frozenset({401, 403})
_BY_API: Final = Arrangement()
_TRIED: Final = 3
"""Items of a manifest that are read before it is given up."""


class CannotStart(Exception):
    """The run cannot begin; `reason` is one sentence that names the mend."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


async def preflight(api: Api, journal: Journal, run_id: str, arrangement: Arrangement = _BY_API) -> Workspace:
    """Reach the target and prepare what all scenarios share; creates nothing where the items are given.

    Raises:
        CannotStart: any of this fails.
    """
    host = api.client.target.host
    try:
        if arrangement.manifest is not None:
            return await _manifested(api, run_id, arrangement.manifest)
        if arrangement.command:
            accepted(await api.list_objects("preflight", "environments"), host)
            return await _commanded(arrangement.program(api), journal, run_id)
        return await _arranged(api, journal, run_id)
    except TargetGone:
        raise CannotStart(_unreachable(host, "no connection")) from None


async def _arranged(api: Api, journal: Journal, run_id: str) -> Workspace:
    """Make the environments and the agent, and see one work item delivered."""
    host = api.client.target.host
    try:
        accepted(await api.list_objects("preflight", "environments"), host)
        workspace = await prepare(api, journal, run_id)
        await ApiArranger(api, workspace, journal, "preflight").item(Want(named=False), None)
    except AnswerLost as lost:
        raise CannotStart(_unreachable(host, lost.exchange.problem or "")) from None
    except CannotArrange as stop:
        raise CannotStart(
            Text(
                "No work can be arranged at {host}: {reason} Check that the token may create environments, agents and"
                " sessions, and that --base-url and --api-prefix are right.",
                "无法在 {host} 上安排 work：{reason} 请确认 token 有权创建 environment、agent 和 session，"
                "且 --base-url 与 --api-prefix 正确。",
            ).format(host=host, reason=stop.reason)
        ) from None
    return workspace


async def _manifested(api: Api, run_id: str, manifest: Manifest) -> Workspace:
    """See that the target knows the first items of the manifest: any one of them will do."""
    host = api.client.target.host
    statuses = []
    for entry in manifest.items[:_TRIED]:
        exchange = await api.get("preflight", entry.environment_id, entry.work_id)
        accepted(exchange, host)
        statuses.append(exchange.response.status if exchange.response else 0)
        if statuses[-1] == HTTPStatus.OK:
            break
    else:
        raise CannotStart(
            Text(
                "{host} answers HTTP {status} to a get of the manifest's first items; check that they are this target's,"
                " and that --base-url and --api-prefix are right.",
                "{host} 对清单中前几个 item 的 get 返回 HTTP {status}；请确认它们属于该目标，"
                "且 --base-url 与 --api-prefix 正确。",
            ).format(host=host, status=statuses[0])
        )
    lacking = Text("the manifest has null as its {name}", "清单中的 {name} 为 null")
    return Workspace(
        run_id=run_id,
        main=manifest.items[0].environment_id,
        agent="",
        quiet=manifest.second_environment_id,
        cloud=manifest.cloud_environment_id,
        missing={
            "quiet": lacking.format(name="`second_environment_id`").to_json(),
            "cloud": lacking.format(name="`cloud_environment_id`").to_json(),
        },
    )


async def _commanded(program: Program, journal: Journal, run_id: str) -> Workspace:
    """Ask the program for the two environments that a few cases name; without one, only those suffer."""
    found: dict[str, str] = {}
    missing: dict[str, dict[str, str]] = {}
    places: dict[str, Place] = {"quiet": "second-environment", "cloud": "cloud-environment"}
    for name, place in places.items():
        try:
            found[name] = await program.environment(place)
            journal.claim(found[name], None)
        except CannotArrange as failure:
            missing[name] = failure.reason.to_json()
    return Workspace(run_id=run_id, main="", agent="", missing=missing, **found)


def accepted(exchange: Exchange, host: str) -> None:
    """See that the first answer does not speak against going on. A target without this list may still have the rest.

    Raises:
        CannotStart: unreachable, credentials refused, or a redirect.
    """
    response = exchange.response
    if response is None or exchange.outcome != "ok":
        raise CannotStart(_unreachable(host, exchange.problem or ""))
    if response.status in _REFUSED:
        raise CannotStart(
            Text(
                "{host} refuses the token in QODER_PAT (HTTP {status}); set it to a token of this target.",
                "{host} 拒绝了 QODER_PAT 中的 token（HTTP {status}）；请设置为该目标的有效 token。",
            ).format(host=host, status=response.status)
        )
    if 300 <= response.status < 400:
        raise CannotStart(
            Text(
                "{host} redirects (HTTP {status}), which is not followed; give the final address as --base-url.",
                "{host} 返回重定向（HTTP {status}），本套件不跟随重定向；请以最终地址作为 --base-url。",
            ).format(host=host, status=response.status)
        )


def _unreachable(host: str, problem: str) -> Text:
    return Text(
        "{host} cannot be reached ({problem}); check the address, and that the server is up.",
        "无法连接 {host}（{problem}）；请检查地址，并确认服务器已启动。",
    ).format(host=host, problem=problem[:200])
