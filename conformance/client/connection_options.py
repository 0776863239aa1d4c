"""Reads and checks the option values that say how a target is reached. Opens no connection."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.client.proxies import is_valid_proxy_url, parse_proxy, proxy_for
from conformance.target import ConfigurationError, Connection, Secret, parse_base_url


def base_url_from(text: str, prefix: str) -> str:
    """Return a base URL that can be connected to.

    Raises:
        ConfigurationError: the text is not such a URL.
    """
    base_url = parse_base_url(text, prefix)
    host = urlsplit(base_url).netloc.rpartition("@")[2]
    if _PLAIN_HOST.fullmatch(host) is None and not is_valid_proxy_url(base_url):
        raise ConfigurationError(
            f"The base URL contains an invalid host name ({host}). Check its spelling.",
            f"base URL 中的主机名无效（{host}）。请检查拼写。",
        )
    return base_url


_PLAIN_HOST: Final = re.compile(
    r"(?!xn--)[a-z](?:[a-z0-9-]*[a-z0-9])?(?:\.(?!xn--)[a-z](?:[a-z0-9-]*[a-z0-9])?)*(?::\d+)?"
)
"""Host names that need no further check, which would import httpx."""


def connection_from(
    values: Mapping[str, Any], environ: Mapping[str, str], base_url: str | None, arrange_url: str | None
) -> Connection:
    """Return how the target and its preparation endpoints are reached.

    Raises:
        ConfigurationError: a value cannot be used.
    """
    for option in ("ca_bundle", "client_cert"):
        if values.get(option) and not Path(values[option]).is_file():
            name = option.replace("_", "-")
            raise ConfigurationError(
                f"--{name}: the file {values[option]!r} does not exist.", f"--{name}：文件 {values[option]!r} 不存在。"
            )
    if values.get("http2") and importlib.util.find_spec("h2") is None:
        raise ConfigurationError(
            "--http2 needs the package h2. Install it with: pip install 'work-conformance[http2]'",
            "--http2 需要 h2 包。安装命令：pip install 'work-conformance[http2]'",
        )
    given = parse_proxy(values["proxy"]) if values.get("proxy") else None
    proxy, arrange_proxy = (
        given or (proxy_for(url, environ) if url is not None and values.get("trust_env") else None)
        for url in (base_url, arrange_url)
    )
    return Connection(
        ca_bundle=values.get("ca_bundle") or None,
        client_cert=values.get("client_cert") or None,
        client_key_password=_key_password(values.get("client_key_password_env"), environ),
        insecure=bool(values.get("insecure")),
        proxy=proxy,
        arrange_proxy=arrange_proxy,
        trust_env=bool(values.get("trust_env")),
        http2=bool(values.get("http2")),
    )


def _key_password(variable: str | None, environ: Mapping[str, str]) -> Secret | None:
    if not variable:
        return None
    if variable not in environ:
        raise ConfigurationError(
            f"--client-key-password-env: the environment variable {variable} is not set.",
            f"--client-key-password-env：环境变量 {variable} 未设置。",
        )
    return Secret(environ[variable], f"${{{variable}}}")
