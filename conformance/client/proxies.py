"""The proxy on the way to a target: from an option, or from the environment."""

from __future__ import annotations

import ipaddress
import os
import urllib.request
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from conformance.target import ConfigurationError

_PORTS: Final = {"http": 80, "https": 443}
_SPOKEN: Final = frozenset({"http", "https"})


def proxy_for(base_url: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for this target; None for a direct connection.

    Raises:
        ConfigurationError: it cannot be used.
    """
    scheme = urlsplit(base_url).scheme
    named = _by_environment(environ) or (_by_system() if environ is os.environ else {})
    proxy = named.get(scheme) or named.get("all")
    if not proxy or bypasses_proxy(base_url, named.get("no", "")):
        return None
    if environ is os.environ and not _by_environment(environ) and urllib.request.proxy_bypass(_host(base_url)):
        return None
    return parse_proxy(proxy, "the environment's proxy", "环境变量中的代理")


def parse_proxy(text: str, name_en: str = "--proxy", name_zh: str = "--proxy") -> str:
    """Return a proxy's URL, with its scheme. Errors never repeat it, because it may contain a password.

    Raises:
        ConfigurationError: its scheme is not supported, or its host or port cannot be read.
    """
    url = text.strip() if "://" in text else f"http://{text.strip()}"
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host = 0, None
        parts = urlsplit("http:")
    if host and parts.scheme not in _SPOKEN:
        raise ConfigurationError(
            f"{name_en}: {parts.scheme}:// proxies are not supported. Give an http:// or https:// proxy.",
            f"{name_zh}：不支持 {parts.scheme}:// 代理。请使用 http:// 或 https:// 代理。",
        )
    if not host or port == 0 or not is_valid_proxy_url(url):
        raise ConfigurationError(
            f"{name_en}: the address cannot be read. Give one such as http://proxy.example.com:3128.",
            f"{name_zh}：无法解析该地址。请使用形如 http://proxy.example.com:3128 的地址。",
        )
    return url


def bypasses_proxy(base_url: str, no_proxy: str) -> bool:
    """Return whether NO_PROXY excludes this target from the proxy.

    Its entries are names (including their subdomains), `*`, addresses with or without brackets, networks
    (`10.0.0.0/8`), and any of these with a port.
    """
    host, port = _host(base_url), _port(base_url)
    return any(_covers(entry.strip().lower(), host, port) for entry in no_proxy.replace(" ", ",").split(","))


def is_valid_proxy_url(url: str) -> bool:
    """Return whether httpx accepts it as a URL with a host."""
    import httpx

    try:
        return bool(httpx.URL(url).host)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return False


def _by_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return proxies by scheme; lower-case names win. In a CGI program, HTTP_PROXY is a header of the request."""
    found = {}
    for spelling in (str.upper, str.lower):
        for name in ("http", "https", "all", "no"):
            variable = spelling(f"{name}_proxy")
            if variable in environ and not (variable == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
                found[name] = environ[variable]
    return found


def _by_system() -> dict[str, str]:
    """Return the proxies in the system's settings, if there are any."""
    return {name: url for name, url in urllib.request.getproxies().items() if isinstance(url, str)}


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, entry_port = _split(entry)
    if not name or entry_port not in {None, port}:
        return False
    address, network = _address(host), _network(name)
    if address is not None and network is not None:
        return address in network
    name = name.removeprefix("*").lstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _split(entry: str) -> tuple[str, int | None]:
    """Return name and port of an entry. An IPv6 address without brackets has no port."""
    entry = entry.rpartition("://")[2]
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        if rest.startswith("/"):
            return name + rest, None
        return name, int(rest[1:]) if rest[1:].isdigit() else None
    name, colon, port = entry.rpartition(":")
    return (name, int(port)) if colon and ":" not in name and port.isdigit() else (entry, None)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _host(base_url: str) -> str:
    return (urlsplit(base_url).hostname or "").lower().rstrip(".")


def _port(base_url: str) -> int:
    parts = urlsplit(base_url)
    return parts.port or _PORTS.get(parts.scheme, 80)
