"""Before anything is judged: is the target there, are the credentials accepted, can work be arranged?"""

from __future__ import annotations

from typing import Final

from conformance.arrange.items import ApiArranger
from conformance.arrange.journal import Journal
from conformance.arrange.reading import AnswerLost, CannotArrange
from conformance.arrange.wants import Want
from conformance.arrange.workspace import Workspace, prepare
from conformance.client.api import Api
from conformance.client.client import TargetGone
from conformance.exchange import Exchange
from conformance.text import Text

_REFUSED: Final = frozenset({401, 403})


class CannotStart(Exception):
    """The run cannot begin; `reason` is one sentence that names the mend."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


async def preflight(api: Api, journal: Journal, run_id: str) -> Workspace:
    """Reach the target, make what all scenarios share, and see one work item delivered.

    Raises:
        CannotStart: any of this fails.
    """
    host = api.client.target.host
    try:
        accepted(await api.list_objects("preflight", "environments"), host)
        workspace = await prepare(api, journal, run_id)
        await ApiArranger(api, workspace, journal, "preflight").item(Want(named=False), None)
    except TargetGone:
        raise CannotStart(_unreachable(host, "no connection")) from None
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
