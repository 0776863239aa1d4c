"""Pages read from an address: what is there, what is not, and what a server may do instead of answering."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from conformance.derive import docs
from conformance.derive.docs import known_pages
from conformance.derive.lexicon import LANGS, Lang
from tests.derive.schema_copies import refused, run, text_of


class Answer(NamedTuple):
    """What the server says to one path."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Request(NamedTuple):
    """What the server was asked."""

    path: str
    headers: dict[str, str]


class Site:
    """Docs on this machine: `answers` by path, 404 for the rest; `asked` is what came."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Request] = []
        self.root = ""

    def put(self, name: str, text: str) -> str:
        """Publish a page where the docs have it, and say its address."""
        path = path_of(name)
        self.answers[path] = Answer(200, text.encode(), (("content-type", "text/markdown; charset=utf-8"),))
        return self.root + path

    def answer(self, name: str, answer: Answer) -> str:
        """Answer otherwise to a page."""
        self.answers[path_of(name)] = answer
        return self.root + path_of(name)


def path_of(name: str) -> str:
    lang, _, page = name.partition("/")
    return f"/{known_pages()[page]['path'][lang]}.md"


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(Request(self.path, {name.lower(): value for name, value in self.headers.items()}))
            answer = site.answers.get(self.path, Answer(404, b"not here"))
            self.send_response(answer.status)
            for name, value in {"content-length": str(len(answer.body)), **dict(answer.headers)}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(answer.body)
            except OSError:
                self.close_connection = True  # the client has seen enough

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.root = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as running:
        yield running


CURRENT = [f"{lang}/{page}" for lang in LANGS for page in known_pages() if page != "errors-older"]


def test_every_page_that_is_there_is_read(site: Site) -> None:
    for name in CURRENT:
        site.put(name, text_of(name))
    result = run("check", "--docs", site.root)
    assert result.exit_code == 0, result.output
    assert "taken from the paraphrased spec: en/errors-older, zh/errors-older\n" in result.stdout
    assert sorted(request.path for request in site.asked) == sorted(path_of(name) for name in CURRENT)


@pytest.mark.parametrize("lang", LANGS)
def test_pages_that_are_not_there_are_taken_from_the_sheets_and_listed(lang: Lang, site: Site) -> None:
    site.put("zh/ack", text_of("zh/ack"))
    site.put("en/poll", text_of("en/poll"))
    result = run("check", "--docs", f"{site.root}/", "--lang", lang)
    assert result.exit_code == 0, result.output
    [listed] = [line for line in result.stdout.splitlines() if "en/errors-older" in line]
    taken = set(listed.replace("：", ": ").partition(": ")[2].split(", "))
    assert taken == {f"{lang}/{page}" for lang in LANGS for page in known_pages()} - {"zh/ack", "en/poll"}


def test_a_page_that_says_otherwise_is_told_with_its_address_and_line(site: Site) -> None:
    address = site.put("zh/ack", text_of("zh/ack").replace("`permission_error`", "`authentication_error`"))
    result = run("check", "--docs", site.root)
    assert result.exit_code == 1
    assert f'"permission_error", the page says "authentication_error" ({address}:67)' in result.stdout


def test_pages_of_an_older_edition_are_not_asked_for(site: Site) -> None:
    site.put("en/ack", text_of("en/ack"))
    site.put("en/errors-older", "# Changed\n")
    assert run("check", "--docs", site.root).exit_code == 0
    assert path_of("en/errors-older") not in [request.path for request in site.asked]


def test_no_secret_is_sent(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = "pt-secret-of-the-environment"
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login x password {secret}\n", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("QODER_PAT", secret)
    monkeypatch.setenv("HTTP_PROXY", f"http://user:{secret}@127.0.0.1:9")
    site.put("en/ack", text_of("en/ack"))
    assert run("check", "--docs", site.root).exit_code == 0
    assert len(site.asked) == len(CURRENT)
    for request in site.asked:
        assert not {"authorization", "cookie", "proxy-authorization"} & set(request.headers)
        assert secret not in str(request)


@pytest.mark.parametrize("lang", LANGS)
def test_an_address_with_a_password_is_refused_and_not_repeated(lang: Lang, site: Site) -> None:
    site.put("en/ack", text_of("en/ack"))
    sentence = refused(lang, "check", "--docs", site.root.replace("//", "//user:hidden@"))
    assert "hidden" not in sentence
    assert {"en": "user name or password", "zh": "用户名或密码"}[lang] in sentence
    assert site.asked == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 410, 429, 500, 503])
def test_another_status_is_told_with_the_address(status: int, lang: Lang, site: Site) -> None:
    target = site.put("en/ack", text_of("en/ack"))
    address = site.answer("en/poll", Answer(status, b"moved", (("location", target),)))
    sentence = refused(lang, "check", "--docs", site.root)
    assert sentence.startswith(address)
    assert {"en": f"the server returned {status}", "zh": f"服务器返回 {status}"}[lang] in sentence


def test_a_redirect_is_not_followed(site: Site) -> None:
    with serving(Site()) as elsewhere:
        elsewhere.put("en/ack", text_of("en/ack"))
        site.answer("en/ack", Answer(302, b"", (("location", elsewhere.root + path_of("en/ack")),)))
        refused("en", "check", "--docs", site.root)
        assert elsewhere.asked == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_that_is_too_long_is_told(lang: Lang, site: Site) -> None:
    address = site.put("en/ack", text_of("en/ack") + "x" * docs.MAX_BYTES)
    sentence = refused(lang, "check", "--docs", site.root)
    assert sentence.startswith(address)
    assert f"{docs.MAX_BYTES}" in sentence


def test_a_page_that_is_just_not_too_long_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of("en/ack")
    monkeypatch.setattr(docs, "MAX_BYTES", len(text.encode()))
    site.put("en/ack", text)
    assert run("check", "--docs", site.root).exit_code == 0
    site.put("en/ack", text + "\n")
    refused("en", "check", "--docs", site.root)


@pytest.mark.parametrize("lang", LANGS)
def test_html_instead_of_markdown_has_no_title(lang: Lang, site: Site) -> None:
    address = site.put("en/ack", "<!doctype html>\n<html><body>\n<h1>Ack</h1>\n<p>x</p>\n</body></html>\n")
    sentence = refused(lang, "check", "--docs", site.root)
    assert sentence.startswith(address)
    assert {"en": "the title", "zh": "没有标题"}[lang] in sentence


@pytest.mark.parametrize("lang", LANGS)
def test_a_fault_of_a_page_is_told_with_address_and_line(lang: Lang, site: Site) -> None:
    address = site.put("zh/ack", text_of("zh/ack").replace("| 否 ", "| 或 "))
    assert refused(lang, "check", "--docs", site.root).startswith(f"{address}:23")


@pytest.mark.parametrize("lang", LANGS)
def test_a_server_without_any_known_page_is_told(lang: Lang, site: Site) -> None:
    sentence = refused(lang, "check", "--docs", site.root)
    assert sentence.startswith(site.root)
    assert {"en": "none of the known pages was found", "zh": "没有任何已知页面"}[lang] in sentence


@pytest.mark.parametrize("lang", LANGS)
def test_a_server_that_is_not_there_is_told(lang: Lang) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        root = f"http://127.0.0.1:{held.getsockname()[1]}"
        sentence = refused(lang, "check", "--docs", root)
    assert sentence.startswith(root)
    assert {"en": "cannot be fetched", "zh": "无法获取"}[lang] in sentence


@pytest.mark.parametrize("lang", LANGS)
def test_an_answer_that_breaks_off_is_told(lang: Lang, site: Site) -> None:
    body = text_of("en/ack").encode()
    address = site.answer("en/ack", Answer(200, body, (("content-length", str(len(body) + 100)),)))
    sentence = refused(lang, "check", "--docs", site.root)
    assert sentence.startswith(address)
    assert {"en": "cannot be fetched", "zh": "无法获取"}[lang] in sentence


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "root", ["http://", "https:///x", "http://[", "http://127.0.0.1:port", "http://127.0.0.1:99999"]
)
def test_an_address_that_is_none_is_told(root: str, lang: Lang) -> None:
    sentence = refused(lang, "check", "--docs", root)
    assert sentence.startswith("http")
    assert {"en": "cannot be fetched", "zh": "无法获取"}[lang] in sentence
