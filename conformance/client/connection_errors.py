"""Why a request got no response from the target: each reason in plain words, with a hint.

`run` and `doctor` use the same words.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.text import Text


@dataclass(frozen=True, slots=True)
class Reason:
    """What happened, and a hint. A `lasting` one is the same at every try, so nothing is retried."""

    text: Text
    hint: Text
    lasting: bool = False


_CERTIFICATES: Final[dict[int, Text]] = {
    9: Text(
        "the certificate is not valid yet: check the clocks of both machines", "证书尚未生效：请检查两台机器的时钟"
    ),
    10: Text("the certificate has expired: renew it on the server", "证书已过期：请在服务器上更新证书"),
    62: Text(
        "the certificate is for another host: use the host name in the certificate in --base-url",
        "证书属于其他主机：请在 --base-url 中使用证书中的主机名",
    ),
}
_CERTIFICATES[64] = _CERTIFICATES[62]
_UNTRUSTED: Final = Text(
    "give the certificate authority with --ca-bundle FILE; for a trial only, use --insecure",
    "用 --ca-bundle FILE 指定签发该证书的机构；仅作试用时可加 --insecure",
)

_WANTS_CERTIFICATE: Final = Reason(
    Text("the server requires a client certificate that it trusts", "服务器要求提供它信任的客户端证书"),
    Text("give the certificate and its key with --client-cert FILE", "请用 --client-cert FILE 提供证书及其私钥"),
    lasting=True,
)
_NO_TLS: Final = Reason(
    Text("this port does not speak TLS", "该端口不使用 TLS"),
    Text(
        "begin --base-url with http://, or give the port of the https server",
        "请将 --base-url 改为 http://，或给出 https 服务器的端口",
    ),
    lasting=True,
)
_TLS_WANTED: Final = Reason(
    Text("this port speaks TLS, but the request was plain HTTP", "该端口使用 TLS，但请求是明文 HTTP"),
    Text("begin --base-url with https://", "请将 --base-url 改为 https://"),
    lasting=True,
)
_PROXY_TOKEN: Final = Reason(
    Text("the proxy requires a user name and password (HTTP 407)", "代理要求用户名和密码（HTTP 407）"),
    Text(
        "write them into the proxy's URL: --proxy http://USER:PASSWORD@HOST:PORT",
        "请写入代理地址：--proxy http://USER:PASSWORD@HOST:PORT",
    ),
    lasting=True,
)
_NAME: Final = Text(
    "check the spelling in --base-url, and the DNS of this machine; behind a proxy, give --proxy",
    "请检查 --base-url 的拼写和本机的 DNS；如需代理，请用 --proxy 指定",
)
_PORT: Final = Text(
    "check the port, that the server is up, and that no firewall blocks it; behind a proxy, give --proxy",
    "请检查端口是否正确、服务器是否已启动、是否有防火墙拦截；如需代理，请用 --proxy 指定",
)
_NOT_HTTP: Final = Text(
    "check that this port serves HTTP, and whether --base-url should begin with https://",
    "请确认该端口提供 HTTP 服务，以及 --base-url 是否应以 https:// 开头",
)
_TLS_CUT: Final = Text(
    "check that this port speaks TLS (else use http:// in --base-url) and whether it requires --client-cert",
    "请确认该端口使用 TLS（否则 --base-url 应为 http://），以及是否需要 --client-cert",
)
_BINARY: Final = Text("the response is not HTTP; it may be TLS", "返回的内容不是 HTTP，可能是 TLS")
_NO_CONNECTION: Final = Text("no connection within the timeout", "未能在时限内建立连接")
_PROXY_REFUSED: Final = Text(
    "check the proxy's address, and that it can reach the target", "请检查代理的地址，以及代理能否访问目标"
)
_SLOW: Final = Text("allow more time with --timeout", "可用 --timeout 放宽时限")

_NOT_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG"}
)
_CERTIFICATE_ALERT: Final = re.compile(
    r"ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|NO_CERTIFICATE)"
)
_TLS_BYTES: Final = re.compile(r"\\x15\\x03|\\x16\\x03")

_PAGES: Final = (
    (
        re.compile(
            r"no required ssl certificate was sent|ssl certificate error|client certificate (?:is )?required",
            re.IGNORECASE,
        ),
        _WANTS_CERTIFICATE,
    ),
    (
        re.compile(
            r"plain http request was sent to https port|http request to an https server|plain http to an ssl",
            re.IGNORECASE,
        ),
        _TLS_WANTED,
    ),
)


def certificate_failure_reason(error: ssl.SSLCertVerificationError) -> Reason:
    """Return the reason for a failed certificate check of the server or an https proxy."""
    why = error.verify_message or str(error.reason or error)
    return Reason(
        Text("the certificate is not accepted ({why})", "证书未通过校验（{why}）").format(why=_line(why)),
        _CERTIFICATES.get(error.verify_code, _UNTRUSTED),
        lasting=True,
    )


def why_no_connection(error: BaseException, *, tls: bool) -> Reason:
    """Return why no connection could be made."""
    for cause in error_chain(error):
        reason = tls_failure_reason(cause) if isinstance(cause, ssl.SSLError) else None
        if reason is not None:
            return reason
        if isinstance(cause, socket.gaierror):
            return Reason(
                Text("the name has no address ({why})", "该主机名没有对应的地址（{why}）").format(
                    why=_line(str(cause.args[-1]))
                ),
                _NAME,
            )
        if isinstance(cause, ConnectionRefusedError):
            return Reason(Text("the connection was refused", "连接被拒绝"), _PORT)
    words = str(error)
    if words.startswith("407"):
        return _PROXY_TOKEN
    if type(error).__name__ == "ProxyError":
        return Reason(
            Text("the proxy did not open a connection (HTTP {why})", "代理未能建立连接（HTTP {why}）").format(
                why=_line(words)
            ),
            _PROXY_REFUSED,
        )
    words_of_it = _NO_CONNECTION if type(error).__name__ == "ConnectTimeout" else _words(error)
    return Reason(words_of_it, _TLS_CUT if tls else _PORT)


def why_no_response(error: BaseException, *, tls: bool) -> Reason:
    """Return why an open connection gave no complete response."""
    for cause in error_chain(error):
        if isinstance(cause, ssl.SSLError) and (reason := tls_failure_reason(cause)) is not None:
            return reason
    words, kind = str(error), type(error).__name__
    if _TLS_BYTES.search(words):
        return _TLS_WANTED
    hint = _TLS_CUT if tls else _NOT_HTTP
    if kind == "RemoteProtocolError" and "disconnected" in words:
        return Reason(Text("the connection was closed without a response", "连接在没有响应的情况下被关闭"), hint)
    if kind == "RemoteProtocolError" and words.startswith("illegal request line"):
        return Reason(_BINARY, hint)
    if kind == "RemoteProtocolError":
        return Reason(
            Text("the response is not HTTP ({why})", "返回的内容不是 HTTP（{why}）").format(why=_line(words)), hint
        )
    return Reason(_words(error), hint)


def timeout_reason(seconds: float) -> Reason:
    """Return the reason for a timeout."""
    words = Text("no complete response within {n} s", "{n} 秒内没有完整的响应")
    return Reason(words.format(n=f"{seconds:g}"), _SLOW)


def too_many_headers_reason(headers: int, kibibytes: int) -> Reason:
    """Return the reason for refusing a response with an unusual amount of headers."""
    return Reason(
        Text("more than {n} headers, or more than {k} KiB of them", "响应头超过 {n} 个，或超过 {k} KiB").format(
            n=headers, k=kibibytes
        ),
        _NOT_HTTP,
    )


def intermediary_refusal_reason(status: int, page: str) -> Reason | None:
    """Return the reason if a response comes from before the target: a proxy's 407, or a wrongly addressed server."""
    if status == _PROXY_STATUS:
        return _PROXY_TOKEN
    if status != _BAD_REQUEST:
        return None
    return next((reason for said, reason in _PAGES if said.search(page)), None)


_PROXY_STATUS: Final = 407
_BAD_REQUEST: Final = 400


def error_chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, outermost first."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def tls_failure_reason(error: ssl.SSLError) -> Reason | None:
    """Return the reason that a TLS error states; None if it is ambiguous."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificate_failure_reason(error)
    said = f"{error.reason or ''} {error}".upper().replace(" ", "_")
    if any(word in said for word in _NOT_TLS):
        return _NO_TLS
    if _CERTIFICATE_ALERT.search(said):
        return _WANTS_CERTIFICATE
    return Reason(_words(error), _TLS_CUT, lasting=True) if "ALERT_HANDSHAKE_FAILURE" in said else None


def _words(error: BaseException) -> Text:
    """Return the kind of the error and the library's words for it."""
    words = _line(str(error))
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return Text(said, said)


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
