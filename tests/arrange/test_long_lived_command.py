"""A program that stays: started once, asked line by line, ended with the run; what it gets wrong is its own fault."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.arrange.command_arranger import ArrangeProgram, ProvidedItem, request_for
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.long_lived_command import MAX_OUTPUT, LongLivedProgram
from conformance.arrange.responses import CannotArrange
from conformance.cli import main
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.redaction import Redactor
from conformance.target import Secret
from conformance.text import Lang
from tests.cli.apps import left_on
from tests.cli.processes import cli, command_line, live_processes, tokens_environment
from tests.documents import BOOK, WRITTEN, blocks

SECRET = "pt-Zq9xYw7Kd3LmNo5PqRs"
LOOP = """
import json, os, sys, time
open("started", "a").write(f"{os.getpid()}\\n")
for number, line in enumerate(sys.stdin):
    request = json.loads(line)
    """


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[LongLivedProgram]]:
    monkeypatch.chdir(tmp_path)
    programs: list[LongLivedProgram] = []
    yield programs
    for program in programs:
        program.close()


def program(source: str, kept: list[LongLivedProgram], *, timeout: float = 20.0) -> ArrangeProgram:
    Path("program.py").write_text(LOOP + source)
    words = (sys.executable, "-u", "program.py")
    kept.append(LongLivedProgram(words, timeout))
    return ArrangeProgram(words, timeout, Redactor([Secret(SECRET, "${QODER_PAT}")]), kept[-1])


def started() -> list[int]:
    return [int(line) for line in Path("started").read_text().splitlines()]


async def asked(program: ArrangeProgram, times: int = 1) -> list[ProvidedItem]:
    request = request_for(ItemSpec(), "worker-1")
    return list(await asyncio.gather(*(program.item(request, "queued") for _ in range(times))))


GOOD = "print(json.dumps({'environment_id': 'env_1', 'work_id': f'work_{number}'}))"


def test_it_is_started_once_and_answers_in_turn_on_whatever_loop(kept: list[LongLivedProgram]) -> None:
    asks = program(GOOD, kept)
    first, second = asyncio.run(asked(asks, 5)), asyncio.run(asked(asks, 3))
    assert [given.work_id for given in first + second] == [f"work_{number}" for number in range(8)]
    assert len(started()) == 1
    kept[0].close()
    assert not command_line(started()[0])


def failure(source: str, kept: list[LongLivedProgram], **options: Any) -> tuple[str, ArrangeProgram]:
    asks = program(source, kept, **options)
    with pytest.raises(CannotArrange) as refusal:
        asyncio.run(asked(asks))
    words = refusal.value.reason.en
    assert words.isprintable()
    assert SECRET not in words
    return words.partition("`queued`: ")[2], asks


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (f"sys.stderr.write('no work, ' + {SECRET!r}); sys.exit(3)", "it exited with code 3: no work, ${QODER_PAT}"),
        ("sys.exit(0)", "it exited with code 0"),
        ("print('oops')", "its output is not JSON"),
        ("print('[]')", "its output is not a JSON object"),
        ("print('{}')", "its output has no usable `environment_id`"),
        (f"print('x' * {MAX_OUTPUT + 1})", f"it wrote more than {MAX_OUTPUT} bytes"),
        (
            f"print(json.dumps({{'error': 'sold out\\x1b[31m, ' + {SECRET!r}}}))",
            "it returned an error: sold out?[31m, ${QODER_PAT}",
        ),
    ],
)
def test_what_it_gets_wrong_is_named(source: str, words: str, kept: list[LongLivedProgram]) -> None:
    found, _ = failure(source, kept)
    assert found.startswith(words)


def test_one_that_takes_too_long_is_ended_and_the_next_request_starts_another(kept: list[LongLivedProgram]) -> None:
    words, asks = failure(
        f"time.sleep(60 if len(open('started').read().split()) == 1 else 0)\n    {GOOD}", kept, timeout=1.0
    )
    assert words == "it did not respond within 1 s"
    assert not command_line(started()[0])
    assert asyncio.run(asked(asks))[0].work_id == "work_0"
    assert len(started()) == 2


def test_a_program_that_cannot_be_started_is_named(kept: list[LongLivedProgram]) -> None:
    kept.append(LongLivedProgram(("./nothing-here",), 1.0))
    with pytest.raises(CannotArrange, match="cannot be started"):
        asyncio.run(asked(ArrangeProgram(("./nothing-here",), 1.0, str, kept[-1])))


@pytest.mark.parametrize("lang", WRITTEN)
@pytest.mark.parametrize("processes", ["0", "2"])
def test_the_example_of_the_docs_judges_the_emulator(lang: Lang, processes: str, tmp_path: Path) -> None:
    [block] = blocks(BOOK[lang], "python keep")
    [arranging] = blocks(BOOK[lang], "python arrange")
    (tmp_path / "arrange.py").write_text("\n".join(arranging.lines))
    (tmp_path / "keep.py").write_text("\n".join(block.lines))
    tokens = Tokens.generate()
    with EmulatorServer(create_app(tokens=tokens)) as server:
        env = tokens_environment(tokens) | {"WORK_CONFORMANCE_BASE_URL": server.base_url}
        command = shlex.join([sys.executable, "keep.py"])
        options = ("--arrange", "command", "--arrange-command", command, "--arrange-keep", "--output", "out")
        chapters = ("--chapter", "first-ack", "--chapter", "terminal-states", "--chapter", "environment-kind")
        run = cli("run", *options, *chapters, "-n", processes, cwd=tmp_path, env=env)
        assert run.code == 0, run.out + run.err
        assert {line.split()[0] for line in left_on(server.base_url, tokens)} == {"agents", "sessions"}
    assert not [
        pid
        for pid in live_processes()
        if b"keep.py" in command_line(pid) and str(tmp_path).encode() in command_line(pid)
    ]
    assert json.loads((run.folder / "report.json").read_text())["run"]["left_behind"] == []


def test_it_needs_a_program_to_keep(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("QODER_PAT", SECRET)
    with pytest.raises(SystemExit) as ended:
        main(["run", "--base-url", "http://127.0.0.1:9", "--arrange-keep"])
    assert ended.value.code == 2
    assert "--arrange-keep needs --arrange command." in capsys.readouterr().err
