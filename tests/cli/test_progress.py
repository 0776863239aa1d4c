"""While a run works: a living screen for a person before a terminal, plain lines for everybody else."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from starlette.types import Scope

from conformance.cli.progress import Progress
from conformance.cli.progress_display import LineDisplay, is_interactive
from conformance.client.counters import RequestCounters
from conformance.emulator import Tokens
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind

from .apps import Answer, rewritten, served
from .processes import cli, tokens_environment
from .terminals import on_terminal

ONE = ("--requirement", "ack.first.later-times-null")
ESCAPE = "\x1b"
OURS = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|1?A|2K)")
"""Colours, the cursor hidden and shown, a line up, a line cleared: all that the display needs."""

HOSTILE = "\x1b[2J\x1b]0;hostile\x07\x9b31m[bold red]\r\n::error::hostile\r##[error]x"


def plain(text: str) -> str:
    return OURS.sub("", text)


def test_a_terminal_gets_a_live_line_for_each_chapter_and_a_coloured_table(tmp_path: Path) -> None:
    code, out = on_terminal("run", "--chapter", "first-ack", "--chapter", "retries", "--output", "out", cwd=tmp_path)
    assert code == 0
    before, shown, after = out.partition("\x1b[?25l")
    assert before == "Judging the embedded emulator.\n"
    assert shown
    live, _, report = after.partition("\x1b[?25h")
    assert re.search(r"First ack +━+ +0/\d", plain(live))
    done = plain(live)[plain(live).rindex("checks ·") :]
    assert re.search(r"checks · \d+ s · [1-9]\d* requests\n", done)
    assert re.search(r"First ack +━+ +(\d+)/\1\s+Retries +━+ +(\d+)/\2\s", done)
    assert ESCAPE in report
    assert "\x1b[32m\x1b[1mSelection passed: " in report
    assert plain(report).count("First ack") == 1, "the live lines are gone"


@pytest.mark.parametrize(
    ("options", "env"),
    [((), {"NO_COLOR": "1"}), ((), {"CI": "true"}), ((), {"TERM": "dumb"}), (("--quiet",), {})],
    ids=["NO_COLOR", "CI", "dumb", "quiet"],
)
def test_whoever_wants_plain_lines_gets_them(options: tuple[str, ...], env: dict[str, str], tmp_path: Path) -> None:
    code, out = on_terminal("run", *ONE, *options, "--output", "out", cwd=tmp_path, env=env)
    assert code == 0
    assert ESCAPE not in out
    assert "Selection passed: 1 of " in out


def test_a_pipe_gets_plain_lines_and_with_verbose_a_line_for_each_chapter(tmp_path: Path) -> None:
    ended = cli("run", "--chapter", "first-ack", "--verbose", cwd=tmp_path)
    assert ended.code == 0
    assert ESCAPE not in ended.out + ended.err
    assert re.fullmatch(r"First ack: done \((\d+) of \1 checks · \d+ s · \d+ requests\)\n", ended.err)
    assert cli("run", *ONE, cwd=tmp_path).err == ""


def test_workers_tell_what_they_have_sent(tmp_path: Path) -> None:
    ended = cli("run", "--chapter", "first-ack", "-n", "1", "-v", "--lang", "zh", cwd=tmp_path, env={"PYTHONUTF8": "1"})
    assert ended.code == 0
    assert re.search(r"（(\d+)/\1 项检查 · \d+ 秒 · [1-9]\d* 个请求", ended.err)


def spoilt(scope: Scope, answer: Answer) -> Answer:
    """Every refusal talks to the terminal."""
    status, headers, body = answer
    document = json.loads(body or b"{}")
    if status >= 400:
        document["error"] = {"type": HOSTILE, "message": HOSTILE, "param": HOSTILE}
        document["request_id"] = HOSTILE
    return status, headers, json.dumps(document).encode()


def test_what_a_target_sends_neither_moves_nor_colours_anything(tokens: Tokens, tmp_path: Path) -> None:
    with served(tokens, lambda app: rewritten(spoilt, app)) as base_url:
        code, out = on_terminal(
            *("run", "--base-url", base_url, "--chapter", "terminal-states", "--output", "out", "--verbose"),
            cwd=tmp_path,
            env=tokens_environment(tokens),
        )
    assert code == 1
    assert "\x1b[31m\x1b[1mFAILED: " in out
    assert "[bold red]" in out, "the target's text is shown as it is"
    rest = plain(out)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", rest.replace("\r", "")), "no control but ours"
    assert not [line for line in re.split(r"[\r\n]", rest) if line.lstrip().startswith(("::", "##"))]


def test_the_cursor_comes_back_where_a_run_cannot_start(tokens: Tokens, tmp_path: Path) -> None:
    with served(tokens) as base_url:
        env = {"QODER_PAT": "pt-of-somebody-else-entirely"}
        code, out = on_terminal("run", "--base-url", base_url, *ONE, "--output", "out", cwd=tmp_path, env=env)
    assert code == 2
    assert out.count("\x1b[?25l") == out.count("\x1b[?25h") == 1
    assert "refuses the token" in plain(out.partition("\x1b[?25h")[2])


# --- the parts


def in_view(*tty: bool) -> list[io.StringIO]:
    class Stream(io.StringIO):
        def __init__(self, terminal: bool) -> None:
            super().__init__()
            self._terminal = terminal

        def isatty(self) -> bool:
            return self._terminal

    return [Stream(each) for each in tty]


def test_both_streams_must_be_a_terminal() -> None:
    assert is_interactive(quiet=False, environ={"TERM": "xterm"}, streams=in_view(True, True))
    assert not is_interactive(quiet=False, environ={}, streams=in_view(True, False))
    assert not is_interactive(quiet=False, environ={}, streams=in_view(False, True))
    assert is_interactive(quiet=False, environ={"NO_COLOR": "", "CI": ""}, streams=in_view(True, True))


def judged(line: PlannedCheck, kind: VerdictKind) -> Verdict:
    return Verdict(line=line, kind=kind)


def test_progress_counts_by_chapter_and_by_process() -> None:
    now = [10.0]
    progress = Progress(full_plan(), own=lambda: RequestCounters(requests=5), clock=lambda: now[0])
    assert sum(chapter.planned for chapter in progress.chapters.values()) == len(full_plan())
    ours = [line for line in full_plan() if line.scenario == "retry.active"]
    lines = [line for line in ours if line.requirement.startswith("ack.retry.")]
    for line in lines[:2]:
        progress.count_verdict(judged(line, "passed"))
    chapter = progress.count_verdict(judged(lines[2], "failed"))
    assert (chapter.title.en, chapter.judged_checks) == ("Retries", 3)
    assert [(kind, words.en, words.zh) for kind, words in chapter.verdict_counts()] == [
        ("failed", "1 failed", "失败 1")
    ]
    now[0] = 13.4
    progress.record_sent_requests({"process": 7, "requests": 10, "throttled": 1, "throttle_seconds": 2.0})
    progress.record_sent_requests({"process": 7, "requests": 12, "throttled": 2, "throttle_seconds": 3.5})
    progress.record_sent_requests({"process": 8, "requests": 1, "throttled": 0, "throttle_seconds": 0.0})
    assert progress.summary().en == (
        f"3 of {len(full_plan())} checks · 3 s · 18 requests · 2 requests rejected (429, 503), 4 s of waiting"
    )
    assert "被拒绝（429、503）2 次" in progress.summary().zh


def test_a_line_is_written_when_a_chapter_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for line in full_plan() if line.scenario == "retry.active"][:2]
    progress = Progress(lines)
    display = LineDisplay("en")
    display.begin(progress)
    display.update_chapter(progress.count_verdict(judged(lines[0], "warned")))
    assert capsys.readouterr().err == ""
    display.update_chapter(progress.count_verdict(judged(lines[1], "passed")))
    assert capsys.readouterr().err.startswith("Retries: 1 warned (2 of 2 checks")
