"""Variants of what is on the wire: they live in the front."""

from dataclasses import replace

from ..http_head import Head
from ..tcp_proxy import HeadEdit, ProxyConfig
from .variant import Variant

_HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
_COOKIES = tuple((b"Set-Cookie", b"c%d=v; Path=/; HttpOnly" % number) for number in range(3))
_MORE = tuple((b"X-Trace-%d" % number, b"0123456789abcdef" * 4) for number in range(40))


def _both(first: HeadEdit, second: HeadEdit) -> HeadEdit:
    return lambda head: second(first(head))


def _answering(wire: ProxyConfig, edit: HeadEdit) -> ProxyConfig:
    return replace(wire, answer=_both(wire.answer, edit))


def _upper(head: Head) -> Head:
    return replace(head, fields=tuple((name.upper(), value) for name, value in head.fields))


def _capitals(head: Head) -> Head:
    return replace(head, fields=tuple((name.title(), value) for name, value in head.fields))


def _without_reason(head: Head) -> Head:
    return replace(head, start=head.start[: len(b"HTTP/1.1 200 ")])


HTTP_FRAMING = (
    Variant(
        id="upper-case-headers",
        en="Names of headers are in upper case.",
        zh="头部名称全大写。",
        group="header-case",
        wire=lambda wire: _answering(wire, _upper),
    ),
    Variant(
        id="capitalised-headers",
        en="Names of headers have capitals.",
        zh="头部名称首字母大写。",
        group="header-case",
        wire=lambda wire: _answering(wire, _capitals),
    ),
    Variant(
        id="many-headers",
        en="Answers have forty more headers, and some several times.",
        zh="响应多出四十个头部，其中一些重复出现。",
        wire=lambda wire: _answering(wire, lambda head: head.plus(*_COOKIES, *_MORE)),
    ),
    Variant(
        id="no-reason-phrase",
        en="The status line ends after the code.",
        zh="状态行在状态码之后即结束。",
        wire=lambda wire: _answering(wire, _without_reason),
    ),
    Variant(
        id="http-1.0",
        en="Answers are HTTP/1.0, one a connection.",
        zh="响应使用 HTTP/1.0，每个连接只有一个响应。",
        group="transfer",
        wire=lambda wire: replace(wire, http_1_0=True),
    ),
    Variant(
        id="chunked",
        en="Bodies come in chunks.",
        zh="响应体分块传输。",
        group="transfer",
        wire=lambda wire: replace(wire, framing="chunks"),
    ),
    Variant(
        id="until-close",
        en="A body goes on until the connection is closed; no length is announced.",
        zh="响应体持续到连接关闭为止，不声明长度。",
        group="transfer",
        wire=lambda wire: replace(wire, framing="to the end"),
    ),
    Variant(
        id="early-hints",
        en="Every answer is preceded by an interim one (103).",
        zh="每个响应之前都有一个临时响应（103）。",
        group="transfer",
        wire=lambda wire: replace(wire, interim=_HINT),
    ),
    Variant(
        id="connection-closed",
        en="The connection is closed after each answer.",
        zh="每个响应之后关闭连接。",
        wire=lambda wire: replace(wire, closes=True),
    ),
    Variant(
        id="idle-closed",
        en="A connection that was idle for one second is closed without a word.",
        zh="连接空闲一秒即被直接关闭。",
        wire=lambda wire: replace(wire, idle_seconds=1.0),
    ),
    Variant(
        id="segments",
        en="Answers come in segments of sixteen bytes.",
        zh="响应以十六字节的分段到达。",
        wire=lambda wire: replace(wire, piece=16),
    ),
    Variant(
        id="reset",
        en="The connection of one request in 200 is reset, before it was heard or after.",
        zh="每二百个请求有一个的连接被重置，可能在处理之前或之后。",
        group="loss",
        wire=lambda wire: replace(wire, reset_every=200),
    ),
    Variant(
        id="base-path",
        en="A path stands before the prefix of the API: /gateway/team-a.",
        zh="API 前缀之前还有一段路径：/gateway/team-a。",
        wire=lambda wire: replace(wire, base_path="/gateway/team-a"),
    ),
    Variant(
        id="ipv6",
        en="The server listens at ::1 only.",
        zh="服务器只在 ::1 上监听。",
        wire=lambda wire: replace(wire, host="::1"),
    ),
)
