"""Whatever a target sends: the run ends, soon and small, says what it saw, and writes a report that can be read."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance.emulator import Tokens
from tests.cli.processes import Ended, cli, tokens_environment

from .wires import drop_by_drop, endless, in_turn, misbehaviours, raw, silence, sized, wire

MISBEHAVIOURS = misbehaviours()
BOUND_SECONDS = 40
BOUND_KIB = 300 * 1024
SHORT = ("--chapter", "environment-kind", "--timeout", "1", "--output", "out")


def check_survived(ended: Ended) -> None:
    assert ended.code in {1, 2, 3}, ended.out[-3000:] + ended.err[-3000:]
    assert ended.seconds < BOUND_SECONDS
    assert ended.max_rss < BOUND_KIB
    for stream in (ended.out, ended.err):
        assert "Traceback" not in stream
        assert "INTERNALERROR" not in stream
        for character in "\x00\x1b\x07\u202e\u2028":
            assert character not in stream
        assert not [line for line in stream.splitlines() if line.lstrip().startswith(("::", "##"))]


def check_reported(ended: Ended) -> None:
    """Every line with its verdict, in both files."""
    ended.check_complete()
    schema = json.loads((ended.folder / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(ended.report)
    cases = ElementTree.parse(ended.folder / "junit.xml").getroot().iter("testcase")
    assert len(list(cases)) == len(ended.lines)
    assert ended.report["run"]["left_behind"] == []


QUICK = ["gzip that is none", "nested 100,000 deep", "nasty words", "nasty fields", "nasty headers", "not UTF-8"]


@pytest.mark.parametrize("what", QUICK)
def test_on_acks_alone(what: str, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with wire(tokens, on="/ack", misbehave=MISBEHAVIOURS[what]) as base_url:
        ended = cli("run", "--base-url", base_url, *SHORT, cwd=tmp_path, env=tokens_environment(tokens))
    check_survived(ended)
    assert ended.code == 1
    check_reported(ended)


@pytest.mark.parametrize("what", ["gzip bomb", None])
def test_on_the_acks_of_all_scenarios_at_once(what: str | None, tmp_path: Path) -> None:
    """All alike, or every kind in turn."""
    tokens = Tokens.generate()
    misbehave = MISBEHAVIOURS[what] if what else in_turn([*MISBEHAVIOURS.values(), drop_by_drop, silence])
    with wire(tokens, on="/ack", misbehave=misbehave) as base_url:
        options = ("--base-url", base_url, "--timeout", "2", "--output", "out")
        ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    check_survived(ended)
    assert ended.code in {1, 3}
    check_reported(ended)


@pytest.mark.parametrize("what", [kind for kind in MISBEHAVIOURS if "2 GiB" not in kind])
def test_on_everything(what: str, tmp_path: Path) -> None:
    """The run does not begin. Its folder stays where something may have been made: the journal says what."""
    tokens = Tokens.generate()
    with wire(tokens, on="", misbehave=MISBEHAVIOURS[what]) as base_url:
        ended = cli("run", "--base-url", base_url, *SHORT, cwd=tmp_path, env=tokens_environment(tokens))
    check_survived(ended)
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "out").exists() or (tmp_path / "out" / "journal.jsonl").is_file()


def test_acks_of_one_byte_a_second(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with wire(tokens, on="/ack", misbehave=drop_by_drop) as base_url:
        ended = cli("run", "--base-url", base_url, *SHORT, cwd=tmp_path, env=tokens_environment(tokens))
    check_survived(ended)
    assert ended.code == 3
    check_reported(ended)
    assert "no complete answer within 1 s" in ended.out


CREATED = {
    "an id that climbs": b'{"id": "../../../../etc/passwd"}',
    "an id of dots": b'{"id": ".."}',
    "an id with a line end": b'{"id": "a\\r\\nX-Injected: yes"}',
    "an id with a NUL": b'{"id": "a\\u0000b\\u001b[2J"}',
    "an id of half a character": b'{"id": "env_\\ud800"}',
    "an id without end": b'{"id": "' + b"e" * 100_000 + b'"}',
    "an id that is a number": b'{"id": 7}',
    "no id": b"{}",
    "a list": b"[]",
}


@pytest.mark.parametrize("what", CREATED)
def test_what_a_create_answers(what: str, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    misbehave = sized(CREATED[what], status=b"201 Created")
    with wire(tokens, on="/sessions", misbehave=misbehave) as base_url:
        ended = cli("run", "--base-url", base_url, *SHORT, cwd=tmp_path, env=tokens_environment(tokens))
    check_survived(ended)
    assert ended.code == 2


def test_lists_that_never_end(tmp_path: Path) -> None:
    """Clean-up and `clean` read lists: a page that always promises another one is given up."""
    tokens = Tokens.generate()
    page = json.dumps({"data": [], "has_more": True, "last_id": "x", "first_id": "x"}).encode()
    with wire(tokens, on="/agents", misbehave=sized(page)) as base_url:
        ended = cli("clean", "--base-url", base_url, cwd=tmp_path, env=tokens_environment(tokens))
    assert ended.code in {0, 1, 2}
    assert ended.seconds < BOUND_SECONDS
    assert "Traceback" not in ended.err


def test_names_that_are_listed_do_no_harm(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    name = "work-conformance-20200101T000000-0a1b2c-\x1b[2J\n::error::"
    page = json.dumps({"data": [{"id": "\x1b[2J\n::error::", "name": name}], "has_more": False}).encode()
    with wire(tokens, on="/agents", misbehave=sized(page)) as base_url:
        ended = cli("clean", "--base-url", base_url, cwd=tmp_path, env=tokens_environment(tokens))
    for stream in (ended.out, ended.err):
        assert "\x1b" not in stream
        assert "Traceback" not in stream
        assert not [line for line in stream.splitlines() if line.startswith("::")]


def test_a_clean_up_that_is_answered_endlessly(tmp_path: Path) -> None:
    """What cannot be removed is said, after every verdict was written."""
    tokens = Tokens.generate()
    with wire(tokens, on="/stop", misbehave=endless) as base_url:
        ended = cli("run", "--base-url", base_url, *SHORT, cwd=tmp_path, env=tokens_environment(tokens))
    assert ended.code == 0, ended.out + ended.err
    assert ended.max_rss < BOUND_KIB
    with wire(tokens, on="/stop", misbehave=raw()) as base_url:
        ended = cli("run", "--base-url", base_url, *SHORT, cwd=tmp_path, env=tokens_environment(tokens))
    assert ended.code == 0, ended.out + ended.err
