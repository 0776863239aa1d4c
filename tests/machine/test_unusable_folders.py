"""Folders that cannot be used, or that another run uses: one sentence and code 2, and nothing of anybody's is touched."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.machine.lock import AlreadyLocked, Lock
from conformance.machine.temporary_file import open_unnamed_file
from conformance.plugin.last_failed import read_unpassed_checks
from conformance.plugin.run_folder import claim_folder
from conformance.target import ConfigurationError
from tests.cli.apps import Gate, left_on
from tests.cli.processes import Ended, Running, cli, start, tokens_environment

ONE = ("run", "--requirement", "ack.environment.not-self-hosted")
LONG = "x" * 300


def refused(ended: Ended, *words: str) -> None:
    assert (ended.code, ended.out) == (2, ""), ended.out + ended.err
    assert len([line for line in ended.err.splitlines() if line]) == 1, ended.err
    assert all(word in ended.err for word in words), ended.err


# --- two runs in one folder


@pytest.mark.parametrize("processes", ["0", "2"])
def test_the_second_run_in_a_folder_refuses(processes: str, tokens: Tokens, tmp_path: Path) -> None:
    gate = Gate(create_app(tokens=tokens), passing=20)
    with EmulatorServer(gate) as server:
        env = tokens_environment(tokens)
        options = ("--base-url", server.base_url, "--output", "out")
        with start("run", *options, "-n", processes, cwd=tmp_path, env=env) as first:
            assert gate.reached.wait(60)
            before = {path for path in (tmp_path / "out").rglob("*") if "transcripts" not in path.parts}
            refused(cli(*ONE, *options, cwd=tmp_path, env=env), "another run writes into this folder")
            refused(cli(*ONE, "--output", "./out/", "-n", "2", cwd=tmp_path), "another run")
            assert before <= set((tmp_path / "out").rglob("*"))
            gate.open()
            ended = first.wait()
        assert left_on(server.base_url, tokens) == []
    assert ended.code == 0, ended.out + ended.err
    ended.check_complete()
    assert not list((tmp_path / "out").glob(".*"))
    assert cli(*ONE, "--output", "out", cwd=tmp_path).code == 0, "afterwards it may be used again"


def test_a_run_that_was_killed_keeps_nobody_out(tokens: Tokens, tmp_path: Path) -> None:
    gate = Gate(create_app(tokens=tokens), passing=20)
    with EmulatorServer(gate) as server:
        options = ("--base-url", server.base_url, "--output", "out")
        with start("run", *options, cwd=tmp_path, env=tokens_environment(tokens)) as killed:
            assert gate.reached.wait(60)
            killed.process.kill()
            killed.wait()
    assert cli(*ONE, "--output", "out", cwd=tmp_path).code == 0


def test_a_lock_is_taken_once_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = Lock(path)
    for _ in range(2):
        with pytest.raises(AlreadyLocked):
            Lock(path)
    first.release()
    first.release()
    assert list(tmp_path.iterdir()) == []
    path.write_text("left by a process that was killed")
    again = Lock(path)
    with pytest.raises(AlreadyLocked):
        Lock(path)
    again.release()


# --- what counts as empty


NOTHING = ("lost+found", ".gitkeep", ".keep", ".gitignore", ".DS_Store", "Thumbs.db", "desktop.ini")


@pytest.mark.parametrize("name", NOTHING)
def test_a_folder_that_holds_nothing_but_this_is_empty(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir() if name == "lost+found" else (tmp_path / name).write_text("")
    claim_folder(tmp_path, "run").release()
    assert (tmp_path / name).exists()


def test_beside_it_anything_else_still_counts(tmp_path: Path) -> None:
    for name in (*NOTHING, "theirs.txt"):
        (tmp_path / name).write_text("")
    with pytest.raises(ConfigurationError, match="not from an earlier run"):
        claim_folder(tmp_path, "run")
    assert len(list(tmp_path.iterdir())) == len(NOTHING) + 1


# --- names and places that cannot be used


@pytest.fixture
def places(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("theirs")
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


@pytest.mark.parametrize(
    "name", [LONG, f"a/b/{LONG}/c", "file", "file/below", "loop", "loop/below", "/proc/nothing", "/dev/null"]
)
def test_an_output_that_cannot_be_written(name: str, places: Path) -> None:
    before = set(places.iterdir())
    refused(cli(*ONE, "--output", name, cwd=places), "--output")
    assert set(places.iterdir()) == before


@pytest.mark.parametrize("name", [LONG, "file/below", "loop", "/proc/self/mem", "nowhere", "."])
def test_a_report_that_cannot_be_read(name: str, places: Path) -> None:
    refused(cli(*ONE, "--failed-from", name, cwd=places), "--failed-from")
    assert not (places / "reports").exists()


def test_a_folder_that_may_not_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a user without rights, which the tests' own may have."""

    def forbidden(*_: object, **__: object) -> bool:
        raise PermissionError(13, "Permission denied")

    for method in ("is_dir", "exists", "stat", "mkdir", "open"):
        monkeypatch.setattr(Path, method, forbidden)
    with pytest.raises(ConfigurationError, match=r"--output.*Permission denied"):
        claim_folder(tmp_path / "out", "run")
    with pytest.raises(ConfigurationError, match=r"--failed-from.*Permission denied"):
        read_unpassed_checks(tmp_path)


@pytest.mark.parametrize("processes", ["0", "2"])
def test_names_that_are_no_utf_8(processes: str, tmp_path: Path) -> None:
    """One process can use them; more of them cannot be told, and say so."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    for cwd, options in ((folder, ()), (tmp_path, ("--output", os.fsdecode(b"out\xff")))):
        ended = cli(*ONE, *options, "-n", processes, cwd=cwd)
        if processes == "0":
            assert ended.code == 0, ended.out + ended.err
        else:
            refused(ended, "not UTF-8", "-n")


def test_a_working_directory_that_was_removed(tmp_path: Path) -> None:
    words = f"mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} -m conformance"
    for command, code in (("run", 2), ("list", 0), ("explain ack.first.starting", 0)):
        with Running(["bash", "-c", f"{words} {command}"], tmp_path) as running:
            ended = running.wait()
        assert ended.code == code, ended.out + ended.err
        assert "Traceback" not in ended.err


# --- no temporary folder


NO_TEMPORARY = """\
import tempfile
def none(*_, **__):
    raise FileNotFoundError(2, "No usable temporary directory found")
for name in ("gettempdir", "TemporaryFile", "TemporaryDirectory", "NamedTemporaryFile", "mkdtemp", "mkstemp"):
    setattr(tempfile, name, none)
"""


@pytest.fixture
def without_temporary(tmp_path: Path) -> dict[str, str]:
    """An environment in which no temporary file can be made."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(NO_TEMPORARY)
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_run_without_a_temporary_folder(
    processes: str, without_temporary: dict[str, str], tokens: Tokens, tmp_path: Path
) -> None:
    ended = cli(*ONE, "-n", processes, "--output", "out", cwd=tmp_path, env=without_temporary)
    assert ended.code == 0, ended.out + ended.err
    with EmulatorServer(create_app(tokens=tokens)) as server:
        env = without_temporary | tokens_environment(tokens)
        doctor = cli("doctor", "--write", "--base-url", server.base_url, cwd=tmp_path, env=env)
        assert doctor.code == 0, doctor.out + doctor.err
        assert left_on(server.base_url, tokens) == []
        options = ("--arrange", "command", "--arrange-command", "true", "--base-url", server.base_url)
        arranged = cli(*ONE, *options, "--output", "b", cwd=tmp_path, env=env)
    assert arranged.code == 3, arranged.out + arranged.err
    assert "its output is not JSON" in arranged.out


def test_a_server_is_started_without_a_temporary_folder(
    without_temporary: dict[str, str], tokens: Tokens, tmp_path: Path
) -> None:
    words = f"{sys.executable} -c 'import sys; print(7 * 6); sys.exit(5)'"
    options = ("--start", words, "--base-url", "http://127.0.0.1:9")
    ended = cli(*ONE, *options, cwd=tmp_path, env=without_temporary | tokens_environment(tokens))
    assert ended.code == 2
    assert "ended with code 5" in ended.err
    assert "| 42" in ended.err


def test_a_scratch_file_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", none)
    with open_unnamed_file() as file:
        file.write(b"words")
        file.seek(0)
        assert file.read() == b"words"
