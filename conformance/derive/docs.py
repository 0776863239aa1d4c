"""Reads the pages to derive from: the paraphrased spec, and published pages from a folder or an address in place of it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import httpx

from conformance.derive.errors import UnparsablePage
from conformance.derive.lexicon import LANGS, Lang
from conformance.derive.markdown import normalize_line_endings
from conformance.derive.page import Page, read_page

SITE: Final = "https://docs.qoder.com"
SHEETS: Final = "schemas/docs"
"""The path prefix in citations of the paraphrased spec, wherever its files are."""

MAX_BYTES: Final = 2_000_000
_SECONDS: Final = 20.0
_OLDER: Final = "older"


@dataclass(frozen=True, slots=True)
class PageSource:
    """A page's text. `name` is how its lines are cited. `paraphrased`: it is a page of the paraphrased spec."""

    name: str
    content: bytes
    paraphrased: bool

    @property
    def sha256(self) -> str:
        """The SHA-256 digest of the bytes that were read."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Docs:
    """Every page in both languages, and their source texts, by language and page."""

    pages: Mapping[Lang, Mapping[str, Page]]
    texts: Mapping[tuple[Lang, str], PageSource]
    paraphrased_texts: Mapping[tuple[Lang, str], PageSource]

    @property
    def paraphrased_pages(self) -> list[str]:
        """Return the pages that came from the paraphrased spec, such as `zh/errors`."""
        return [f"{lang}/{page}" for (lang, page), text in self.texts.items() if text.paraphrased]


@cache
def known_pages() -> Mapping[str, Any]:
    """Return the known pages by id: path, edition, date, digests and needed sections."""
    return tomllib.loads(resources.files("conformance.derive").joinpath("pages.toml").read_text("utf-8"))


def url(page: str, lang: Lang) -> str:
    """Return the address of a published page."""
    return f"{SITE}/{known_pages()[page]['path'][lang]}"


def read(sheets: Path, docs: str | None = None) -> Docs:
    """Read every page: from `docs` (a folder or an address) if it has the page, else from the paraphrased spec.

    Raises:
        UnparsablePage: a page cannot be read, or `docs` has none of the known pages.
    """
    own = {(lang, page): _sheet(sheets, lang, page) for lang in LANGS for page in known_pages()}
    found = _published(docs) if docs is not None else {}
    if docs is not None and not found:
        raise UnparsablePage(
            docs or "--docs",
            0,
            en="none of the known pages was found; a folder must have en/ack.md and zh/ack.md, an address must be the root of the docs",
            zh="没有任何已知页面；目录中应有 en/ack.md、zh/ack.md，URL 应为文档的根 URL",
        )
    texts = own | found
    pages: dict[Lang, dict[str, Page]] = {lang: {} for lang in LANGS}
    for (lang, page), text in texts.items():
        pages[lang][page] = read_page(page, lang, text.name, _decoded(text), known_pages()[page]["sections"])
    return Docs(pages, texts, own)


def _sheet(sheets: Path, lang: Lang, page: str) -> PageSource:
    file = sheets / lang / f"{page}.md"
    name = f"{SHEETS}/{lang}/{page}.md"
    try:
        return PageSource(name, file.read_bytes(), paraphrased=True)
    except OSError as error:
        why = error.strerror
        raise UnparsablePage(
            name, 0, en=f"the page of the paraphrased spec cannot be read ({why})", zh=f"无法读取转述规范（{why}）"
        ) from None


def _decoded(text: PageSource) -> str:
    try:
        return text.content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = normalize_line_endings(text.content[: error.start].decode("utf-8")).count("\n") + 1
        raise UnparsablePage(text.name, line, en="the page is not UTF-8", zh="页面不是 UTF-8 编码") from None


def _published(docs: str) -> dict[tuple[Lang, str], PageSource]:
    if docs.startswith(("http://", "https://")):
        return _fetched(docs.rstrip("/"))
    folder = Path(docs)
    found: dict[tuple[Lang, str], PageSource] = {}
    for lang in LANGS:
        for page in known_pages():
            file = folder / lang / f"{page}.md"
            try:
                if file.is_file():
                    found[lang, page] = PageSource(str(file), file.read_bytes(), paraphrased=False)
            except OSError as error:
                why = error.strerror
                raise UnparsablePage(str(file), 0, en=f"cannot be read ({why})", zh=f"无法读取（{why}）") from None
    return found


def _fetched(root: str) -> dict[tuple[Lang, str], PageSource]:
    """Fetch the current editions below an address. A missing page (404) is read from the paraphrased spec instead."""
    found: dict[tuple[Lang, str], PageSource] = {}
    _, login, host = root.partition("://")[2].partition("/")[0].rpartition("@")
    if login:
        raise UnparsablePage(
            host,
            0,
            en="the address has a user name or password, but pages are read without credentials; remove it",
            zh="地址中含有用户名或密码，而读取页面时不发送凭证；请去掉",
        )
    with httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client:
        for lang in LANGS:
            for page, known in known_pages().items():
                if known["edition"] == _OLDER:
                    continue  # older editions are no longer published as Markdown
                address = f"{root}/{known['path'][lang]}.md"
                content = _get(client, address)
                if content is not None:
                    found[lang, page] = PageSource(address, content, paraphrased=False)
    return found


def _get(client: httpx.Client, address: str) -> bytes | None:
    content = bytearray()
    try:
        with client.stream("GET", address, headers={"accept": "text/markdown, text/plain"}) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            if answer.status_code != httpx.codes.OK:
                status = answer.status_code
                raise UnparsablePage(address, 0, en=f"the server returned {status}", zh=f"服务器返回 {status}")
            for part in answer.iter_bytes():
                content += part
                if len(content) > MAX_BYTES:
                    raise UnparsablePage(
                        address,
                        0,
                        en=f"longer than {MAX_BYTES} bytes, so it cannot be a page of the docs",
                        zh=f"超过 {MAX_BYTES} 字节，不可能是文档页面",
                    )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = type(error).__name__
        raise UnparsablePage(address, 0, en=f"cannot be fetched ({why})", zh=f"无法获取（{why}）") from None
    return bytes(content)
