"""Annotations: read back as GitHub's runner reads a workflow command."""

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.contract.common_mistakes import mistakes_of
from conformance.reporting.escaping import escape_line
from conformance.reporting.github import error, error_commands

from .run_results import HOSTILE, failure, hostile, mixed, record_of, verdict


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and message of a line: what is documented of workflow commands, the other way round."""
    assert line.startswith("::")
    head, _, message = line[2:].partition("::")
    command, _, rest = head.partition(" ")
    pairs = [entry.partition("=") for entry in rest.split(",")]
    properties = {}
    for name, _, value in pairs:
        properties[name.strip()] = unescaped(value, {"%3A": ":", "%2C": ","})
    return command, properties, unescaped(message, {})


def unescaped(text: str, more: dict[str, str]) -> str:
    for escape, char in {**more, "%0D": "\r", "%0A": "\n", "%25": "%"}.items():
        text = text.replace(escape, char)
    return text


def test_a_red_becomes_one_error() -> None:
    [line] = error_commands(mixed(), "en")
    command, properties, message = parsed(line)
    requirement = load_catalogue().requirements["ack.retry.active"]
    assert (command, properties) == ("error", {"title": "ack.retry.active (MUST) failed"})
    text, scenario, short, fix, re_run, explain, docs = message.split("\n")
    assert text == requirement.text.en
    assert scenario.endswith("[retry.active]")
    assert short == ("step `retry.1`: expected HTTP 200 with state `active`, or HTTP 409; got: HTTP 500 (at /state)")
    assert fix.startswith("Fix: ")
    assert any(fix == f"Fix: {mistake.fix.en}" for mistake in mistakes_of("ack.retry.active"))
    assert re_run == "Re-run: work-conformance run --requirement ack.retry.active --base-url http://127.0.0.1:4010"
    assert explain == "Explain: work-conformance explain ack.retry.active"
    assert docs == f"docs: {requirement.sources[0].url.en}"


def test_it_speaks_the_language_of_the_run() -> None:
    _, properties, message = parsed(next(error_commands(mixed(), "zh")))
    assert properties == {"title": "ack.retry.active（MUST）失败"}
    assert load_catalogue().requirements["ack.retry.active"].text.zh in message


def test_without_a_red_there_is_none() -> None:
    assert [*error_commands(record_of(verdict("auth.missing", "ack.auth.missing")), "en")] == []


@pytest.mark.parametrize(("failures", "last"), [(10, "(MUST) failed"), (11, "2 more requirements failed")])
def test_github_shows_ten_and_the_last_one_counts_the_rest(failures: int, last: str) -> None:
    must = [name for name, requirement in load_catalogue().requirements.items() if requirement.level == "MUST"][
        :failures
    ]
    record = record_of(*(verdict("retry.active", name, "failed", failures=(failure(),)) for name in must))
    lines = [*error_commands(record, "en")]
    assert len(lines) == 10
    assert parsed(lines[-1])[1]["title"].endswith(last)


@pytest.mark.parametrize("text", [*HOSTILE, "%0A::error::x", "a%25b", ",title=x::y", "x" * 100_000])
def test_nothing_of_the_target_ends_a_command_or_begins_one(text: str) -> None:
    names = ("ack.retry.active", "ack.auth.missing")
    for line, name in zip(error_commands(hostile(text), "en"), names, strict=True):
        assert line.splitlines() == [line]
        command, properties, message = parsed(line)
        assert (command, properties) == ("error", {"title": f"{name} (MUST) failed"})
        assert len(message.split("\n")) == 7
        assert escape_line(text, 300) in message
        assert len(line) < 8000


def test_a_title_is_escaped_as_a_property() -> None:
    _, properties, message = parsed(error("a: b, c 100%\nd", "e: f, g 100%\nh"))
    assert properties == {"title": "a: b, c 100%\\x0ad"}
    assert message == "e: f, g 100%\nh"
