"""Headlines of races that no order of the requests explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.reporting.violations import Violation
from conformance.reporting.word_parts import AND, Members
from conformance.text import Text, join

_OR_ELSE: Final = Text(" or ", "或")

_RACES: Final[Mapping[str, tuple[Text, Text]]] = {
    "ack.race.same-worker": (
        Text("Concurrent acks of one worker return contradictory responses", "同一 worker 的并发 ack 的响应互相矛盾"),
        Text(
            "GET after concurrent acks shows an impossible state",
            "并发 ack 之后，GET 显示了任何先后顺序都无法解释的状态",
        ),
    ),
    "ack.race.foreign-worker": (
        Text("Concurrent acks by two workers return contradictory responses", "两个 worker 的并发 ack 的响应互相矛盾"),
        Text(
            "GET after concurrent acks by two workers shows an impossible state",
            "两个 worker 并发 ack 之后，GET 显示了任何先后顺序都无法解释的状态",
        ),
    ),
    "ack.race.stop": (
        Text(
            "Ack concurrent with a stop returns an impossible response",
            "与 stop 并发的 ack 返回了任何先后顺序都无法解释的响应",
        ),
        Text("Ack overwrites a concurrent stop", "ack 覆盖了并发的 stop"),
    ),
    "ack.race.heartbeat": (
        Text(
            "Ack concurrent with a heartbeat returns an impossible response",
            "与 heartbeat 并发的 ack 返回了任何先后顺序都无法解释的响应",
        ),
        Text("Ack overwrites a concurrent first heartbeat", "ack 覆盖了并发的首次 heartbeat"),
    ),
    "ack.race.redelivery": (
        Text("Two workers both ack an item that is being redelivered", "item 重新投递时，两个 worker 的 ack 都成功"),
        Text("Ack and redelivery overwrite each other", "并发的 ack 与重新投递互相覆盖"),
    ),
}
"""The headline of a race without an explaining order: an ack's response is impossible, or what a GET shows."""
_ANY_RACE: Final = Text("Concurrent requests return contradictory responses", "并发请求的响应互相矛盾")
_LATE: Final = Text("Ack after a completed stop returns 200 (expected 409)", "stop 完成之后的 ack 返回 200（预期 409）")
_SEVERAL_RACES: Final = Text(
    "Ack concurrent with {others} has impossible results", "ack 与{others}并发时，出现任何请求顺序都无法解释的结果"
)
_OTHERS: Final[Mapping[str, Text]] = {
    "ack.race.same-worker": Text("another ack", "其他 ack "),
    "ack.race.foreign-worker": Text("another ack", "其他 ack "),
    "ack.race.stop": Text("a stop", " stop "),
    "ack.race.heartbeat": Text("a heartbeat", " heartbeat "),
    "ack.race.redelivery": Text("a redelivery", "重新投递"),
}


def race_headline(first: Violation, members: Members) -> Text:
    """Return the headline of a cause that consists of races."""
    others = dict.fromkeys(_OTHERS[each.requirement] for each in members if each.requirement in _OTHERS)
    if len(others) > 1:
        *most, last = others
        return _SEVERAL_RACES.format(others=join(_OR_ELSE, [join(AND, most), last]))
    if first.requirement == "ack.race.stop" and first.failure.step.endswith("late"):
        return _LATE
    by_ack, by_get = _RACES.get(first.requirement, (_ANY_RACE, _ANY_RACE))
    return by_ack if first.own else by_get
