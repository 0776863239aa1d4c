"""Defects in the format of values: timestamps, ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ..clock import Clock
from ..configuration import Mutation, ServerConfig
from ..ids import IdGenerator
from ..response_edits import body, edit_successful_acks
from .defect import Defect, defect
from .mutations import override, wrap_app
from .requirement_groups import ANOTHER_ITEM, ITEM_SCHEMAS


def _spelt(name: str, spell: Callable[[str], object]) -> Mutation:
    """Write one of the timestamps in another format in every operation, once it is set."""
    return override(
        render_work_item=lambda found, item: {
            field: spell(value) if field == name and isinstance(value, str) else value
            for field, value in found(item).items()
        }
    )


def _in_zone(hours: int) -> Callable[[str], str]:
    """Return a function that writes the same moment in another time zone."""
    return lambda text: datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=hours))).isoformat()


def _by_mint(mint: Callable[[Callable[[Clock], IdGenerator]], Callable[[Clock], IdGenerator]]) -> Mutation:
    def change(server_config: ServerConfig) -> ServerConfig:
        return replace(server_config, mint=mint(server_config.mint))

    return change


class _Respelt(IdGenerator):
    """Ids of another mint, in another format after the prefix."""

    def __init__(self, mint: IdGenerator, spell: Callable[[str], str]) -> None:
        self._mint = mint
        self._spell = spell

    def new_id(self, prefix: str) -> str:
        return prefix + self._spell(self._mint.new_id(prefix).removeprefix(prefix))


def _respelt(spell: Callable[[str], str]) -> Mutation:
    return _by_mint(lambda mint: lambda clock: _Respelt(mint(clock), spell))


TIMESTAMPS = (
    defect(
        "time.naive",
        "`created_at` has no offset.",
        "`created_at` 没有时区偏移。",
        _spelt("created_at", lambda text: text.removesuffix("Z")),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "time.with-newline",
        "`latest_heartbeat_at` ends in a newline.",
        "`latest_heartbeat_at` 以换行符结尾。",
        _spelt("latest_heartbeat_at", lambda text: f"{text}\n"),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "time.in-beijing",
        "A successful ack shows `created_at` in another time zone.",
        "成功的 ack 响应以其他时区给出 `created_at`。",
        wrap_app(edit_successful_acks(body(lambda item: item.update(created_at=_in_zone(8)(item["created_at"]))))),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "time.with-space",
        "`acknowledged_at` has a space between date and time.",
        "`acknowledged_at` 的日期与时间之间是空格。",
        _spelt("acknowledged_at", lambda text: text.replace("T", " ")),
        fails=f"{ITEM_SCHEMAS} ack.first.acknowledged-at",
    ),
    defect(
        "time.impossible",
        "`started_at` is on 30 February.",
        "`started_at` 的日期是 2 月 30 日。",
        _spelt("started_at", lambda text: f"{text[:4]}-02-30{text[10:]}"),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "time.ten-digits",
        "`created_at` has ten fraction digits.",
        "`created_at` 有十位小数。",
        _spelt("created_at", lambda text: f"{text[:19]}.{'5' * 10}Z"),
        fails=ITEM_SCHEMAS,
    ),
)

IDS = (
    defect(
        "id.capitals",
        "The hex digits of ids are upper case.",
        "id 的十六进制数字为大写。",
        _respelt(str.upper),
        warns="ack.answer.id-form",
    ),
    defect(
        "id.session-without-prefix",
        "A successful ack shows the session's id without its prefix.",
        "成功的 ack 响应中，会话的 id 缺少前缀。",
        wrap_app(
            edit_successful_acks(
                body(lambda item: item["data"].update(id=str(item["data"]["id"]).removeprefix("sess_")))
            )
        ),
        fails=f"{ITEM_SCHEMAS} {ANOTHER_ITEM}",
        warns="ack.answer.id-form",
    ),
)

DEFECTS: Sequence[Defect] = (*TIMESTAMPS, *IDS)
