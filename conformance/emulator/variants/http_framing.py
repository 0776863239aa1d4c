"""Variants in HTTP framing, which the proxy implements."""

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
        en="Header names are in upper case.",
        zh="响应头的名称全部大写。",
        group="header-case",
        wire=lambda wire: _answering(wire, _upper),
    ),
    Variant(
        id="capitalised-headers",
        en="Header names are capitalised.",
        zh="响应头的名称首字母大写。",
        group="header-case",
        wire=lambda wire: _answering(wire, _capitals),
    ),
    Variant(
        id="many-headers",
        en="Responses have forty extra headers, some of them repeated.",
        zh="响应多出四十个响应头，其中一些重复出现。",
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
        en="Responses are HTTP/1.0, one per connection.",
        zh="响应使用 HTTP/1.0，每个连接只有一个响应。",
        group="transfer",
        wire=lambda wire: replace(wire, http_1_0=True),
    ),
    Variant(
        id="chunked",
        en="Response bodies are chunked.",
        zh="响应体分块传输。",
        group="transfer",
        wire=lambda wire: replace(wire, framing="chunks"),
    ),
    Variant(
        id="until-close",
        en="A response body lasts until the connection closes, without a declared length.",
        zh="响应体持续到连接关闭为止，不声明长度。",
        group="transfer",
        wire=lambda wire: replace(wire, framing="to the end"),
    ),
    Variant(
        id="early-hints",
        en="An interim response (103) precedes every response.",
        zh="每个响应之前都有一个临时响应（103）。",
        group="transfer",
        wire=lambda wire: replace(wire, interim=_HINT),
    ),
    Variant(
        id="connection-closed",
        en="The server closes the connection after each response.",
        zh="每次响应之后关闭连接。",
        wire=lambda wire: replace(wire, closes=True),
    ),
    Variant(
        id="idle-closed",
        en="The server closes a connection that was idle for one second, without notice.",
        zh="连接空闲一秒即被直接关闭。",
        wire=lambda wire: replace(wire, idle_seconds=1.0),
    ),
    Variant(
        id="segments",
        en="Responses arrive in segments of sixteen bytes.",
        zh="响应以十六字节的分段到达。",
        wire=lambda wire: replace(wire, piece=16),
    ),
    Variant(
        id="reset",
        en="The connection of one request in 200 is reset, before or after the server handles it.",
        zh="每二百个请求中，有一个的连接被重置，可能在处理之前，也可能在处理之后。",
        group="loss",
        wire=lambda wire: replace(wire, reset_every=200),
    ),
    Variant(
        id="base-path",
        en="The API prefix has another path before it: /gateway/team-a.",
        zh="API 前缀之前还有一段路径：/gateway/team-a。",
        wire=lambda wire: replace(wire, base_path="/gateway/team-a"),
    ),
    Variant(
        id="ipv6",
        en="The server listens only at ::1.",
        zh="服务器只在 ::1 上监听。",
        wire=lambda wire: replace(wire, host="::1"),
    ),
)
