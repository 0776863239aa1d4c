"""Reads the files of a registry from an address.

Only https, or http on this machine. Redirects are not followed, no token is sent, and size and time are limited.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final
from urllib.parse import urlsplit

from conformance.machine.event_loop import run_coroutine
from conformance.registry.errors import UndecidedRegistry
from conformance.registry.source import missing, within
from conformance.target import is_loopback
from conformance.text import Text

SECONDS: Final = 20.0
"""How long one file may take, from the first byte sent to the last one read."""

_NO_URL: Final = Text(
    "The registry's address must begin with https:// and have no user, query or fragment.",
    "登记册的地址必须以 https:// 开头，且不带用户名、查询参数和片段。",
)
_STATUS: Final = Text("{url} returned HTTP {status}.", "{url} 返回 HTTP {status}。")
_REDIRECT: Final = Text(
    "{url} redirects elsewhere (HTTP {status}), which is not followed; give the final address.",
    "{url} 重定向到别处（HTTP {status}），不予跟随；请给出最终地址。",
)
_SLOW: Final = Text("{url} took longer than {seconds} seconds.", "{url} 超过 {seconds} 秒仍未读完。")
_ENCODED: Final = Text("{url} has a content encoding that the suite did not request.", "{url} 使用了未请求的编码。")
_FAILED: Final = Text("{url} cannot be reached ({why}).", "无法访问 {url}（{why}）。")


class Website:
    """A registry below an address.

    Raises:
        UndecidedRegistry: the address is neither https nor http on this machine.
    """

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self._root = _checked(url)
        self._seconds = seconds

    def read(self, name: str, limit: int) -> bytes:
        """Return the bytes of a file."""
        url = f"{self._root}/{name}"
        try:
            return run_coroutine(self._limited(url, name, limit))
        except TimeoutError:
            raise UndecidedRegistry(_SLOW.format(url=url, seconds=f"{self._seconds:g}")) from None

    async def _limited(self, url: str, name: str, limit: int) -> bytes:
        async with asyncio.timeout(self._seconds):
            return await _get(url, name, limit)


async def _get(url: str, name: str, limit: int) -> bytes:
    import httpx

    headers = {"Accept-Encoding": "identity", "User-Agent": "work-conformance"}
    try:
        async with (
            httpx.AsyncClient(timeout=None, follow_redirects=False, trust_env=False) as client,  # noqa: S113 - limited as a whole
            client.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code == httpx.codes.NOT_FOUND:
                raise missing(name)
            if response.status_code != httpx.codes.OK:
                words = _REDIRECT if response.is_redirect else _STATUS
                raise UndecidedRegistry(words.format(url=url, status=response.status_code))
            if response.headers.get("content-encoding", "identity") != "identity":
                raise UndecidedRegistry(_ENCODED.format(url=url))
            content = bytearray()
            async for part in response.aiter_raw():
                content += part
                if len(content) > limit:
                    break
            return within(name, bytes(content), limit)
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        raise UndecidedRegistry(_FAILED.format(url=url, why=str(error)[:200] or type(error).__name__)) from None


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
        plain = not (parts.query or parts.fragment or "@" in parts.netloc) and bool(parts.hostname)
        right = secure and plain and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise UndecidedRegistry(_NO_URL)
    return url.rstrip("/").removesuffix("/index.html")
