"""What everything that a run leaves must be, whatever its target sent: well-formed, inert, and without any token.

It goes over whatever is there, by file suffix. A suffix that it does not know is a failure that says so, so that a
format which is added later is covered or missed loudly.
"""

from __future__ import annotations

import base64
import re
import stat
import subprocess
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree

from conformance.contract.strict_json import parse

OUR_NAMES: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
COMMANDS: Final = re.compile(r"^[ \t]*(::|##)|##\[|##vso\[|##teamcity\[", re.IGNORECASE)
"""What the runners of GitHub, Azure and TeamCity take for a command."""

_SCRIPTED: Final = re.compile(r"\s*(javascript|data|vbscript):", re.IGNORECASE)
_ACTIVE: Final = frozenset({"iframe", "object", "embed", "form", "base", "meta", "frame", "applet"})
_POLICY: Final = "Content-Security-Policy"
"""The one thing that a page may tell the browser as if it were a header: it only ever forbids."""

_DRAWN: Final = frozenset({"svg", "title", "g", "rect", "path", "text"})
_MARKED: Final = re.compile("hostile|alert\\(", re.IGNORECASE)


def check_streams(*streams: str) -> None:
    """What goes to a terminal, or to a build server that reads along, moves nothing there and commands nothing."""
    for stream in streams:
        assert "Traceback" not in stream, stream[-3000:]
        assert "INTERNALERROR" not in stream, stream[-3000:]
        assert [
            repr(c) for c in set(stream) if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        ] == []
        assert [line for line in stream.splitlines() if COMMANDS.search(line)] == []


def check_folder(folder: Path) -> None:
    """Every file is known by its suffix and is as its kind must be; its name is of the suite's own making."""
    for path in folder.rglob("*"):
        kind = stat.S_IFMT(path.lstat().st_mode)
        assert OUR_NAMES.fullmatch(path.name), path
        assert kind in {stat.S_IFDIR, stat.S_IFREG}, path
        if kind == stat.S_IFREG:
            assert path.suffix in INSPECTORS, (
                f"{path.name}: teach {__name__}.INSPECTORS what a good {path.suffix} file is"
            )
            INSPECTORS[path.suffix](path.read_bytes())


def check_without(secrets: Iterable[str], places: dict[str, bytes]) -> None:
    """No secret, nor most of one, in any byte, whichever way it is written."""
    for place, content in places.items():
        for secret in secrets:
            found = [form for form in traces(secret) if form in content]
            assert not found, f"{found[0]!r} in {place}"


def traces(secret: str) -> Iterator[bytes]:
    """What gives a secret away: it, all of it but an edge, the same in base64 at any alignment, and escaped."""
    yield secret[:-1].encode()
    yield secret[1:].encode()
    for lead in range(3):
        coded = base64.b64encode(b"\0" * lead + secret.encode())
        stem = coded[4 if lead else 0 : len(coded) // 4 * 4 - 4]
        yield stem
        yield stem.replace(b"+", b"-").replace(b"/", b"_")
    yield quote(secret, safe="").encode()
    for form in ("%{:02x}", "%{:02X}", "\\u{:04x}", "\\u{:04X}", "\\\\u{:04x}", "&#{};", "&#x{:x};"):
        yield "".join(form.format(ord(char)) for char in secret).encode()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _text(content: bytes, *, allowed: str = "\t\n\x7f") -> str:
    """UTF-8 without what a terminal would obey if the file were shown on it: of controls, DEL alone is obeyed by none."""
    text = content.decode("utf-8")
    assert [repr(c) for c in set(text) if c not in allowed and unicodedata.category(c) in {"Cc", "Cs"}] == []
    return text


def _json(content: bytes) -> None:
    parse(_text(content))


def _jsonl(content: bytes) -> None:
    text = _text(content)
    assert text.endswith("\n")
    for line in text.splitlines():
        if line:
            assert isinstance(parse(line), dict), line


def _xml(content: bytes) -> None:
    text = _text(content, allowed="\t\n\r\x7f")
    assert "<!DOCTYPE" not in text
    assert "<!ENTITY" not in text
    for element in ElementTree.fromstring(text).iter():
        assert isinstance(element.tag, str), element  # neither a comment nor an instruction
        assert OUR_NAMES.fullmatch(element.tag), element.tag
        for attribute in element.attrib:
            assert OUR_NAMES.fullmatch(attribute), attribute


def _svg(content: bytes) -> None:
    """A picture of shapes and words: nothing that runs, and nothing from elsewhere."""
    _xml(content.replace(b'xmlns="http://www.w3.org/2000/svg"', b"", 1))
    for element in ElementTree.fromstring(content).iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in _DRAWN, element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on"), f"<{element.tag} {name}>"
            assert name not in {"href", "style"}, f"<{element.tag} {name}>"
            assert "url(" not in value, f"<{element.tag} {name}>"


def _html(content: bytes) -> None:
    page = _Page()
    page.feed(_text(content))
    page.close()


class _Page(HTMLParser):
    """Fails on anything active that the suite would not write, or that holds text of the target."""

    _script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert tag not in _ACTIVE or (tag == "meta" and named.get("http-equiv", _POLICY) == _POLICY), tag
        self._script = tag == "script"
        for name, value in attrs:
            assert not name.startswith("on"), f"<{tag} {name}>"
            assert name not in {"href", "src", "action", "style"} or not _SCRIPTED.match(value or ""), f"<{tag} {name}>"
            assert name != "src" or not _MARKED.search(value or ""), f"<{tag} src={value}>"

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        assert not self._script or "alert('" not in data, "a script holds text of the target"


def _markdown(content: bytes) -> None:
    outside = True
    for line in _text(content).splitlines():
        if re.match(r" {0,3}(```|~~~)", line):
            outside = not outside
        elif outside:
            bare = re.sub(r"(`+).*?\1", "", line)
            assert not re.match(r"[ ]{0,3}#{1,6} .*hostile", bare), line
            assert not re.search(r"(?<!\\)<(script|img|!--)|(?<!\\)\]\((javascript:|http://hostile)", bare), line
    assert outside, "a block of code is not closed"


def _plain(content: bytes) -> None:
    for line in _text(content).splitlines():
        assert not COMMANDS.search(line), line


def _toml(content: bytes) -> None:
    tomllib.loads(_text(content))


def _script(content: bytes) -> None:
    """A shell can read it to its end, and nothing in it looks like another kind of command."""
    _plain(content)
    checked = subprocess.run(["sh", "-n"], input=content, capture_output=True, check=False, timeout=20)
    assert (checked.returncode, checked.stderr) == (0, b"")


INSPECTORS: Final[dict[str, Callable[[bytes], None]]] = {
    ".json": _json,
    ".jsonl": _jsonl,
    ".xml": _xml,
    ".svg": _svg,
    ".html": _html,
    ".md": _markdown,
    ".txt": _plain,
    ".toml": _toml,
    ".sh": _script,
}
