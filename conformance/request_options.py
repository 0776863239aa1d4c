"""Headers and query parameters that the user adds to every request, parsed from option values and validated.

Every function raises `ConfigurationError` if its text cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.binding import is_binding_header
from conformance.target import ConfigurationError, Secret, parse_secret

_TOKEN_CHARACTERS: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def header_name(name: str) -> str:
    """Return a valid header name.

    Raises:
        ConfigurationError: it has other characters.
    """
    if not name or not set(name) <= _TOKEN_CHARACTERS:
        raise ConfigurationError(f"{name!r} is not a header name.", f"{name!r} 不是合法的请求头名称。")
    return name


_OF_THE_CASES: Final = frozenset({"authorization", "content-type"})
"""Headers that the scenarios set themselves."""

_OF_THE_CONNECTION: Final = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "expect", "http2-settings", "keep-alive"),
        *("proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding"),
        "upgrade",
    }
)
"""Headers about the connection to the next hop, or about the framing and coding of a message."""


def _own_header(option: str, name: str, worker_header: str) -> str:
    """Return the checked name of a user-defined header for every request."""
    name = header_name(name.strip())
    if name.lower() in _OF_THE_CASES or is_binding_header(name) or name.lower() == worker_header.lower():
        raise ConfigurationError(
            f"{option} {name}: the scenarios set this header themselves; omit it (the token comes from QODER_PAT, the"
            " name of the worker header from --worker-header).",
            f"{option} {name}：该请求头由各场景自行设置；请去掉（token 来自 QODER_PAT，worker 请求头的名称由"
            " --worker-header 指定）。",
        )
    if name.lower() in _OF_THE_CONNECTION:
        raise ConfigurationError(
            f"{option} {name}: this header belongs to the connection or to the message length; omit it"
            " (put a proxy's user name and password into --proxy).",
            f"{option} {name}：该请求头属于连接或消息长度；请去掉（代理的用户名和密码应写入 --proxy）。",
        )
    return name


def header(text: str, worker_header: str) -> tuple[str, str]:
    """Return name and value of a `NAME=VALUE` header."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"--header {text!r}: write NAME=VALUE.", f"--header {text!r}：请写成 NAME=VALUE。")
    if not value.isascii() or not value.isprintable():
        raise ConfigurationError(
            f"--header {name}: the value has characters that no header can carry; remove them.",
            f"--header {name}：值中含有请求头无法携带的字符；请去掉。",
        )
    return _own_header("--header", name, worker_header), value.strip()


def user_agent(text: str | None) -> str | None:
    """Return the value of the User-Agent header; None for the suite's own."""
    if text is not None and not (text.strip() and text.isascii() and text.isprintable()):
        raise ConfigurationError(
            f"--user-agent {text!r}: use printable ASCII characters, for example my-client/1.0.",
            f"--user-agent {text!r}：请使用可打印的 ASCII 字符，例如 my-client/1.0。",
        )
    return text.strip() if text is not None else None


def secret_header(text: str, worker_header: str, environ: Mapping[str, str]) -> tuple[str, Secret]:
    """Return name and secret value of a `NAME=VARIABLE` header."""
    name, secret = _from_variable("header-env", text, environ)
    return _own_header("--header-env", name, worker_header), secret


def query_parameter(text: str) -> tuple[str, str]:
    """Return name and value of a `NAME=VALUE` query parameter."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigurationError(f"--query {text!r}: write NAME=VALUE.", f"--query {text!r}：请写成 NAME=VALUE。")
    return name.strip(), value


def secret_query_parameter(text: str, environ: Mapping[str, str]) -> tuple[str, Secret]:
    """Return name and secret value of a `NAME=VARIABLE` query parameter."""
    return _from_variable("query-env", text, environ)


def _from_variable(option: str, text: str, environ: Mapping[str, str]) -> tuple[str, Secret]:
    """Return a name and the secret in its environment variable."""
    name, equals, variable = text.partition("=")
    if not equals or not variable or not name.strip():
        raise ConfigurationError(
            f"--{option}: write NAME=VARIABLE, with the name of an environment variable.",
            f"--{option}：请写成 NAME=VARIABLE，后者为环境变量名。",
        )
    if variable not in environ:
        raise ConfigurationError(
            f"--{option} {name}: the environment variable {variable} is not set; set it.",
            f"--{option} {name}：环境变量 {variable} 未设置。",
        )
    return name.strip(), parse_secret(environ[variable], variable)
