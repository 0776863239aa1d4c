"""Checks below HTTP: host name, connection, certificate. Sends only a TLS handshake."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies

from cryptography import x509

from conformance.client.connection_errors import Reason, tls_failure_reason
from conformance.client.tls import tls_context
from conformance.doctor.check_result import CheckResult, bad, good, unknown
from conformance.reporting.escaping import escape_line
from conformance.target import Connection, Target
from conformance.text import Text

_PORTS: Final = {"http": 80, "https": 443}
_SOON: Final = 14
"""Days before expiry from which a certificate gets a warning."""


async def check_network(target: Target, *, within: float) -> list[CheckResult]:
    """Return the results up to a connection that is ready for HTTP; each check takes at most `within` seconds."""
    proxy = target.connection.proxy
    points = [_url(target), _proxy(target.connection, proxy)]
    host, port = _address(proxy or target.base_url)
    point = await _name(host, within)
    points.append(point)
    if point.state != "bad":
        point = await _connection(host, port, within)
        points.append(point)
    if point.state == "bad":
        return points
    if not target.base_url.startswith("https:"):
        points.append(unknown("tls", Text("none: the base URL is http", "无：base URL 为 http")))
    elif proxy is not None:
        points.append(unknown("tls", Text("not checked through a proxy", "经由代理，未检查")))
    else:
        points.append(await _tls(target.connection, host, port, within))
    return points


def _address(url: str) -> tuple[str, int]:
    """Return host and port of a URL."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)


def _url(target: Target) -> CheckResult:
    words = Text("{url}, API below {prefix}", "{url}，API 位于 {prefix} 之下").format(
        url=escape_line(target.base_url), prefix=escape_line(target.api_prefix or "/")
    )
    if target.base_url.startswith("http:") and not target.loopback:
        return unknown(
            "url",
            words,
            Text(
                "http sends the token unencrypted; use https if the target supports it",
                "http 以明文发送 token；如果目标支持，请使用 https",
            ),
        )
    return good("url", words)


def _proxy(connection: Connection, proxy: str | None) -> CheckResult:
    """Return the proxy in use, with host and port only: the rest may contain a password."""
    if proxy is not None:
        shown = escape_line(proxy.rpartition("@")[2].rpartition("//")[2])
        return good("proxy", Text("all requests go through {proxy}", "所有请求经由 {proxy}").format(proxy=shown))
    if not connection.trust_env and {"http", "https", "all"} & set(getproxies()):
        return unknown(
            "proxy",
            Text("the environment sets a proxy, which is not used", "环境变量中有代理设置，未使用"),
            Text(
                "if the target is only reachable through it, add --trust-env",
                "如果只能经由该代理访问目标，请加 --trust-env",
            ),
        )
    return good("proxy", Text("none", "无"))


async def _name(host: str, within: float) -> CheckResult:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return good("dns", Text("an IP address, no look-up needed", "是 IP 地址，无需解析"))
    try:
        async with asyncio.timeout(within):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        return bad(
            "dns",
            Text("{host} has no address ({why})", "{host} 没有地址（{why}）").format(
                host=escape_line(host), why=_why(error)
            ),
            Text(
                "check the spelling of --base-url, the network and its DNS; behind a proxy, set --proxy",
                "请检查 --base-url 的拼写、网络和 DNS；如需代理，请用 --proxy 指定",
            ),
        )
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return good(
        "dns",
        Text("{host} resolves to {addresses}", "{host} 的地址为 {addresses}").format(
            host=escape_line(host), addresses=", ".join(addresses[:4])
        ),
    )


async def _connection(host: str, port: int, within: float) -> CheckResult:
    where = f"{escape_line(host)}:{port}"
    try:
        async with asyncio.timeout(within):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return bad(
            "tcp",
            Text("{where} does not accept connections ({why})", "{where} 不接受连接（{why}）").format(
                where=where, why=_why(error)
            ),
            Text(
                "check the port, that the server runs, and that no firewall blocks it; behind a proxy, set --proxy",
                "请检查端口是否正确、服务器是否已启动、是否有防火墙拦截；如需代理，请用 --proxy 指定",
            ),
        )
    await _close_idle(writer)
    return good("tcp", Text("{where} accepts connections", "{where} 接受连接").format(where=where))


async def _tls(connection: Connection, host: str, port: int, within: float) -> CheckResult:
    try:
        async with asyncio.timeout(within):
            _, writer = await asyncio.open_connection(host, port, ssl=tls_context(connection), server_hostname=host)
    except (OSError, TimeoutError) as error:
        reason = tls_failure_reason(error) if isinstance(error, ssl.SSLError) else None
        if reason is not None:
            return bad("tls", escaped_reason(reason), reason.hint)
        return bad(
            "tls",
            Text("TLS handshake failed ({why})", "TLS 握手失败（{why}）").format(why=_why(error)),
            Text(
                "check that this port uses TLS (else use http:// in --base-url), and whether it needs --client-cert",
                "请确认该端口使用 TLS（否则 --base-url 应为 http://），以及是否需要 --client-cert",
            ),
        )
    peer: ssl.SSLObject = writer.get_extra_info("ssl_object")
    await _close_idle(writer)
    return _certificate(peer, insecure=connection.insecure)


def _certificate(peer: ssl.SSLObject, *, insecure: bool) -> CheckResult:
    version = peer.version() or "TLS"
    try:
        end = x509.load_der_x509_certificate(peer.getpeercert(binary_form=True) or b"").not_valid_after_utc
    except ValueError:
        return unknown(
            "tls", Text("{version}; the certificate cannot be read", "{version}；无法读取证书").format(version=version)
        )
    days = (end - datetime.now(UTC)).days
    words = Text("{version}; the certificate is valid until {end:%Y-%m-%d}", "{version}；证书有效期至 {end:%Y-%m-%d}")
    validity = Text(*(sentence.format(version=version, end=end) for sentence in (words.en, words.zh)))
    if insecure:
        unverified = Text("{validity}; not verified", "{validity}；未校验").format(validity=validity)
        return unknown(
            "tls", unverified, Text("before you rely on a run, omit --insecure", "正式运行时请去掉 --insecure")
        )
    if days < _SOON:
        soon = Text("{validity}: in {days} days", "{validity}：还有 {days} 天").format(validity=validity, days=days)
        return unknown("tls", soon, Text("renew the certificate on the server", "请在服务器上更新证书"))
    return good("tls", validity)


async def _close_idle(writer: asyncio.StreamWriter) -> None:
    """Abort a connection without a TLS close_notify."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def escaped_reason(reason: Reason) -> Text:
    """Return the reason, escaped for printing."""
    return Text(escape_line(reason.text.en, 300), escape_line(reason.text.zh, 300))


def _why(error: Exception) -> str:
    """Return the error in a few words, those of the system if it has some."""
    if isinstance(error, ssl.SSLError):
        return escape_line(str(error.reason or error), 200)
    if isinstance(error, socket.gaierror) or not isinstance(error, OSError) or not error.errno:
        return escape_line(str(error.args[-1]) if error.args else "timed out", 200)
    return os.strerror(error.errno)


def skipped_results(points: list[CheckResult], names: tuple[str, ...]) -> Iterator[CheckResult]:
    """Return results for checks that an earlier problem prevented."""
    done = {point.id for point in points}
    for name in names:
        if name not in done:
            yield unknown(name, Text("not checked", "未检查"))
