"""The inspection itself sees what is bad; what is good passes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .inspection import INSPECTORS, check_folder, check_streams, check_without, traces
from .payloads import NASTY

SECRET = "pt-8f2Zq9xYw7Kd3LmN"
GOOD = {
    ".json": '{"a": "\\u001b[2J <script> \u4e2d\u6587"}',
    ".jsonl": '\n{"a": 1}\n\n{"b": "\\u009b"}\n',
    ".xml": '<a b="&lt;script&gt;">]]&gt; \\x1b</a>',
    ".svg": '<svg xmlns="http://www.w3.org/2000/svg"><title>&lt;script&gt;</title><path d="M0 0h1z" fill="#fff"/></svg>',
    ".html": "<!doctype html><meta charset='utf-8'><script>let x = 1</script><p>&lt;script&gt;alert('hostile')</p>",
    ".md": "# Report\n\n`<script>` and \\<script> [a](https://ours.example)\n```\n# hostile <script>\n```\n",
    ".txt": "  | ::error::hostile\n",
    ".toml": 'a = "::error:: \\u001b[2J"\n',
    ".sh": "# $(hostile)\nsay '`hostile`'\n",
}
BAD = {
    ".json": ["{", '{"a": NaN}', '{"a": 1, "a": 2}', '{"a": "\x9b2J"}', '["\\ud800"]'],
    ".jsonl": ['{"a": 1}', '{"a": 1\n', "7\n", '{"a": "\x85"}\n'],
    ".xml": ["<a>", "<a>\x9b</a>", '<!DOCTYPE a [<!ENTITY b "c">]><a/>', "<a\u4e2d/>", '<a \u4e2d="1"/>'],
    ".svg": [
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://hostile.example/x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(http://hostile.example/x)"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><rect style="x"/></svg>',
        "<svg>",
    ],
    ".html": [
        "<img src=x onerror=alert('hostile')>",
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe></iframe>",
        "<meta http-equiv='refresh' content='0'>",
        "<script>x = \"<b>alert('hostile')\"</script>",
        "<img src='http://hostile.example/x.png'>",
        "\x1b[2J",
    ],
    ".md": ["<script>", "# hostile", "[a](javascript:alert(1))", "![a](http://hostile.example/x)", "```\nopen"],
    ".txt": ["::error::", "a ##vso[task]", "\x1b[2J"],
    ".sh": ["say 'hostile\n", "say $(hostile\n", "# a\n::error::hostile\n", "# \x1b[2J\n"],
    ".toml": ["a = ", 'a = "\x9b"', 'a = "\x1b[2J"', "a = 1\na = 2"],
}


def test_every_kind_has_examples() -> None:
    assert set(GOOD) == set(BAD) == set(INSPECTORS)


@pytest.mark.parametrize("suffix", GOOD)
def test_good_files_pass(suffix: str) -> None:
    INSPECTORS[suffix](GOOD[suffix].encode())


@pytest.mark.parametrize(("suffix", "text"), [(suffix, text) for suffix, texts in BAD.items() for text in texts])
def test_bad_files_do_not(suffix: str, text: str) -> None:
    with pytest.raises((AssertionError, ValueError, SyntaxError)):
        INSPECTORS[suffix](text.encode())


def test_files_of_an_unknown_kind_are_to_be_taught(tmp_path: Path) -> None:
    (tmp_path / "report.new").write_text("x")
    with pytest.raises(AssertionError, match="teach"):
        check_folder(tmp_path)


@pytest.mark.parametrize("name", ["a b.json", ".report.json.7", "\u202ereport.json", "-rf.json"])
def test_names_that_are_not_ours(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(AssertionError):
        check_folder(tmp_path)


def test_links_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "report.json").symlink_to("/etc/hostname")
    with pytest.raises(AssertionError):
        check_folder(tmp_path)


@pytest.mark.parametrize(
    "line", [*NASTY.split("\n")[1:6], "\x1b[2J", "\u202e", "\x9b", "a ##[error]", "Traceback (most"]
)
def test_streams(line: str) -> None:
    check_streams("  | \\x1b ::error::\n")
    with pytest.raises(AssertionError):
        check_streams(f"fine\n{line}\n")


@pytest.mark.parametrize("trace", list(traces(SECRET)), ids=lambda trace: trace[:20].decode())
def test_traces_of_a_secret(trace: bytes) -> None:
    check_without([SECRET], {"a place": b"pt-8f2Zq9 is a part only"})
    with pytest.raises(AssertionError, match="in a place"):
        check_without([SECRET], {"a place": b"x" + trace + b"y"})
