"""Variants in ids and clocks."""

import email.utils
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

from ..clock import Clock
from ..configuration import Mutation, ServerConfig
from ..http_head import Head
from ..ids import IdGenerator
from ..tcp_proxy import ProxyMutation
from .variant import Variant

_ID_FORM = frozenset({"ack.answer.id-form"})
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_HOUR = timedelta(hours=1)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class _Respelt(IdGenerator):
    """Ids of another mint, in another format after the prefix. They also ascend."""

    def __init__(self, found: IdGenerator, clock: Clock, spell: Callable[[str], str]) -> None:
        super().__init__(clock)
        self._found = found
        self._spell = spell

    def new_id(self, prefix: str) -> str:
        return prefix + self._spell(self._found.new_id(""))


def _ids(new_spelling: Callable[[], Callable[[str], str]]) -> Mutation:
    """Write ids in another format. Each server gets its own format function, which may keep a counter."""

    def change(server_config: ServerConfig) -> ServerConfig:
        return replace(server_config, mint=lambda clock: _Respelt(server_config.mint(clock), clock, new_spelling()))

    return change


def _ulid(digits: str) -> str:
    number = int(digits, 16)
    return "".join(_CROCKFORD[number >> (5 * place) & 31] for place in reversed(range(26)))


def _hyphenated(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _long(digits: str) -> str:
    return f"eu-central_{digits}-Shard_{digits[::-1]}"


def _numbers() -> Callable[[str], str]:
    numbers = count(4_102_444_800)
    return lambda _digits: str(next(numbers))


def _without_pattern(digits: str) -> str:
    """Return letters of both cases and digits, without a fixed format or length. The first part ascends."""
    number = int(digits, 16)
    return "".join(_ALPHABET[number // 62**place % 62] for place in reversed(range(22))) + digits[: number % 7]


def _clock(ahead: timedelta) -> Mutation:
    return lambda server_config: replace(server_config, clock=lambda: server_config.clock() + ahead)


def _dated(ahead: timedelta) -> ProxyMutation:
    """Move `Date` by this much."""

    def dated(head: Head) -> Head:
        date = head.get(b"date").decode()
        if not date:
            return head
        shown = email.utils.format_datetime(email.utils.parsedate_to_datetime(date) + ahead, usegmt=True)
        return head.without(b"date").plus((b"date", shown.encode()))

    return lambda wire: replace(wire, answer=lambda head: dated(wire.answer(head)))


IDENTIFIERS = (
    Variant(
        id="ulids",
        en="Ids are prefixed ULIDs, in upper case.",
        zh="id 是带前缀的大写 ULID。",
        group="ids",
        change=_ids(lambda: _ulid),
        warns=_ID_FORM,
    ),
    Variant(
        id="numbers",
        en="Ids are prefixed decimal numbers of ten digits.",
        zh="id 是带前缀的十位十进制数。",
        group="ids",
        change=_ids(_numbers),
        warns=_ID_FORM,
    ),
    Variant(
        id="uuids",
        en="Ids are prefixed UUIDs with hyphens.",
        zh="id 是带前缀、含连字符的 UUID。",
        group="ids",
        change=_ids(lambda: _hyphenated),
        warns=_ID_FORM,
    ),
    Variant(
        id="long-ids",
        en="Ids have about ninety characters: letters of both cases, hyphens and underscores.",
        zh="id 长约九十个字符，含大小写字母、连字符和下划线。",
        group="ids",
        change=_ids(lambda: _long),
        warns=_ID_FORM,
    ),
    Variant(
        id="ids-without-pattern",
        en="Ids are a prefix with letters of both cases and digits, of different lengths.",
        zh="id 由前缀加大小写字母和数字组成，长度不一。",
        group="ids",
        change=_ids(lambda: _without_pattern),
        warns=_ID_FORM,
    ),
    Variant(
        id="slow-clock",
        en="The clock is ten minutes slow.",
        zh="服务器的时钟慢十分钟。",
        group="clock",
        change=_clock(timedelta(minutes=-10)),
    ),
    Variant(
        id="fast-clock",
        en="The clock is ten minutes fast.",
        zh="服务器的时钟快十分钟。",
        group="clock",
        change=_clock(timedelta(minutes=10)),
    ),
    Variant(
        id="hour-behind",
        en="The clocks of the server and of the gateway in front of it are an hour slow.",
        zh="服务器及其前置网关的时钟都慢一小时。",
        group="clock",
        change=_clock(-_HOUR),
        wire=_dated(-_HOUR),
    ),
    Variant(
        id="hour-ahead",
        en="The clocks of the server and of the gateway in front of it are an hour fast.",
        zh="服务器及其前置网关的时钟都快一小时。",
        group="clock",
        change=_clock(_HOUR),
        wire=_dated(_HOUR),
    ),
    Variant(
        id="gateway-hour-behind",
        en="The clock of the gateway, which sets `Date`, is an hour slow.",
        zh="设置 `Date` 的网关的时钟慢一小时。",
        group="date",
        wire=_dated(-_HOUR),
    ),
    Variant(
        id="gateway-hour-ahead",
        en="The clock of the gateway, which sets `Date`, is an hour fast.",
        zh="设置 `Date` 的网关的时钟快一小时。",
        group="date",
        wire=_dated(_HOUR),
    ),
    Variant(
        id="no-date",
        en="Responses have no `Date`.",
        zh="响应不带 `Date` 响应头。",
        group="date",
        wire=lambda wire: replace(wire, answer=lambda head: wire.answer(head).without(b"date")),
    ),
)
