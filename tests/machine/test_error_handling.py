"""However a command ends inside, its exit code is a documented one."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable

import click
import pytest

from conformance.cli import main
from conformance.machine.os_errors import os_error_text

Raised = Callable[[], None]

CRASHES = [
    KeyError("x"),
    AssertionError(),
    RecursionError(),
    ConnectionResetError(104, "reset"),
    BrokenPipeError(32, "p"),
]
REFUSED = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EROFS, "Read-only file system", "/somewhere/file"),
    PermissionError(errno.EACCES, "Permission denied", b"/somewhere/\xff"),
    OSError(errno.EMFILE, "Too many open files"),
    MemoryError(),
]


@pytest.fixture
def ending(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[BaseException], tuple[int, str]]:
    """Calls the command line with a command that raises; its code, and what it wrote to standard error."""

    def call(error: BaseException) -> tuple[int, str]:
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr(main, "get_command", lambda *_: command)
        with pytest.raises(SystemExit) as ended:
            main(["list"])
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return call


@pytest.mark.parametrize("error", CRASHES, ids=repr)
def test_a_crash_is_the_suites(error: BaseException, ending: Callable[[BaseException], tuple[int, str]]) -> None:
    code, err = ending(error)
    assert code == 4
    assert type(error).__name__ in err
    assert "error in the suite itself" in err.lower()


@pytest.mark.parametrize("error", REFUSED, ids=repr)
def test_what_the_machine_refuses_is_one_sentence(
    error: BaseException, ending: Callable[[BaseException], tuple[int, str]]
) -> None:
    code, err = ending(error)
    assert code == 2
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort(), EOFError()], ids=repr)
def test_an_interruption_is_no_verdict(
    error: BaseException, ending: Callable[[BaseException], tuple[int, str]]
) -> None:
    code, err = ending(error)
    assert code == 3
    assert err.strip() == "Interrupted."


@pytest.mark.parametrize(
    "error",
    [
        *CRASHES,
        TimeoutError(),
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLError(1, "certificate verify failed"),
        OSError("a library's own"),
    ],
    ids=repr,
)
def test_what_is_not_the_machines(error: BaseException) -> None:
    assert os_error_text(error) is None
