"""`work-conformance run`: judge a server, or the embedded emulator."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import click

from conformance.cli.options import CannotStart, language, merged, settings_options
from conformance.cli.spoken import say, spoken
from conformance.options import OPTIONS
from conformance.settings import Settings, from_values
from conformance.target import ConfigurationError

_LONGEST_WAIT: Final = 86_400
_PYTEST_INI: Final = Path(__file__).parent.parent / "plugin" / "pytest.ini"


@click.command(
    context_settings={"max_content_width": 100},
    help=say(
        "Judge a server, or the embedded emulator where no --base-url is given.\n\n"
        "The token comes from QODER_PAT. Optional tokens (QODER_FORBIDDEN_PAT, QODER_FOREIGN_PAT, QODER_EXPIRED_PAT)"
        " let more be judged. Options may also stand in TOML, and all but the last ones listed in the environment, as"
        " WORK_CONFORMANCE_<OPTION>; of a repeatable one each value on a line of its own.",
        "判定一个服务器；未给出 --base-url 时判定内置模拟器。\n\n"
        "token 取自 QODER_PAT。可选的 token（QODER_FORBIDDEN_PAT、QODER_FOREIGN_PAT、QODER_EXPIRED_PAT）可使更多要求得到判定。"
        "选项也可写在 TOML 中；除最后列出的几项外，还可用环境变量 WORK_CONFORMANCE_<选项> 给出，可重复的选项每行一个值。",
    ),
)
@settings_options()
@click.option(
    "-n",
    "processes",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help=say("Processes (pytest-xdist).", "进程数（pytest-xdist）。"),
)
@click.option(
    "-k",
    "expression",
    default="",
    metavar="EXPR",
    help=say("Only what matches, as in pytest -k.", "只运行匹配的部分，同 pytest -k。"),
)
@click.option(
    "--alluredir",
    default=None,
    metavar="DIR",
    envvar="WORK_CONFORMANCE_ALLUREDIR",
    help=say("Also write results for Allure into this folder.", "同时将 Allure 结果写入该目录。"),
)
@click.option(
    "--start",
    default=None,
    metavar="COMMAND",
    help=say("Start this server first, and stop it afterwards.", "先启动该服务器，结束后停止。"),
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    metavar="SECONDS",
    help=say("How long it may take to start (default 30).", "等待其启动的时限（默认 30）。"),
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help=say("Tell what was observed where the docs leave it open, too.", "同时列出文档未规定之处的观察结果。"),
)
@click.option(
    "--dry-run",
    is_flag=True,
    help=say(
        "Show what would run and what it takes; connect to nothing.", "只显示将要运行的内容和开销，不建立任何连接。"
    ),
)
@click.pass_context
def command(ctx: click.Context, /, config: str | None, **_: Any) -> None:
    """Judge a server."""
    values = merged(ctx, config)
    settings = check(values)
    import pytest

    from conformance.cli.narrator import DryRun, Narrator
    from conformance.cli.started import started

    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    lang = language(settings.lang)
    if values["dry_run"]:
        dry = DryRun(lang, settings)
        raise SystemExit(dry.exit_code(_pytest(_arguments(values, lang, processes=0, extra=["--collect-only"]), dry)))
    extra = _allure(values["alluredir"])
    narrator = Narrator(lang, verbose=values["verbose"])
    code = int(pytest.ExitCode.INTERRUPTED)
    with (
        _crash_as_suite_error(),
        contextlib.suppress(KeyboardInterrupt),  # before pytest takes over, or after it
        _sigterm_as_interrupt(),
        started(values["start"], settings, wait=values["wait"]),
    ):
        code = _pytest(_arguments(values, lang, processes=values["processes"], extra=extra), narrator)
    raise SystemExit(narrator.exit_code(code))


def check(values: Mapping[str, Any]) -> Settings:
    """The settings, valid.

    Raises:
        CannotStart: they are not; one sentence.
    """
    from conformance.judging.plan import Selection, UnknownName

    try:
        settings = from_values(values, os.environ)
        Selection(chapters=settings.chapters, requirements=settings.requirements).check_names()
    except (ConfigurationError, UnknownName) as error:
        raise CannotStart(error.reason.in_(spoken())) from None
    if values.get("start") and settings.base_url is None:
        raise CannotStart(
            say(
                "--start needs --base-url: the address at which the server will answer.",
                "--start 需要 --base-url：服务器将要应答的地址。",
            )
        )
    if not 0 <= values.get("wait", 0) < _LONGEST_WAIT:
        raise CannotStart(
            say(
                f"--wait must be a number of seconds from 0 to {_LONGEST_WAIT}.",
                f"--wait 必须是 0 到 {_LONGEST_WAIT} 之间的秒数。",
            )
        )
    return settings


def _arguments(values: Mapping[str, Any], lang: str, *, processes: int, extra: list[str]) -> list[str]:
    """pytest's command line: everything of the user's own pytest configuration is left out."""
    arguments = ["--pyargs", "conformance", "-c", str(_PYTEST_INI), "--rootdir", str(_PYTEST_INI.parent)]
    for plugin in ("conformance.plugin", "no:terminal", "no:cacheprovider", "no:junitxml"):
        arguments += ["-p", plugin]
    arguments += ["--noconftest", "--assert=plain", "--capture=no", *extra]
    if processes:
        arguments += ["-p", "xdist.plugin", "-n", str(processes)]
    if values["expression"]:
        arguments += ["-k", values["expression"]]
    for option in OPTIONS:
        given = lang if option.key == "lang" else values[option.key]
        if option.kind == "flag":
            arguments += [option.pytest_option] if given else []
        elif option.multiple:
            arguments += [f"{option.pytest_option}={value}" for value in given or ()]
        elif given is not None:
            arguments.append(f"{option.pytest_option}={given}")
    return arguments


def _allure(place: str | None) -> list[str]:
    """What pytest needs to write for Allure; its own complaint about a folder would be a traceback.

    Raises:
        CannotStart: the folder cannot be made.
    """
    if not place:
        return []
    folder = Path(place).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror
        raise CannotStart(
            say(
                f"--alluredir {place}: the folder cannot be written ({why}).",
                f"--alluredir {place}：目录无法写入（{why}）。",
            )
        ) from None
    return ["-p", "allure_pytest.plugin", f"--alluredir={folder}"]


def _pytest(arguments: list[str], plugin: object) -> int:
    import pytest

    with _environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_ADDOPTS="", PYTEST_PLUGINS=""):
        return int(pytest.main(arguments, plugins=[plugin]))


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set variables for this process and the workers it starts, and put back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _crash_as_suite_error:  # noqa: N801 - read as what it does
    """A crash ends with the suite's own code after its traceback: Python's code for it is that of a failed MUST."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from conformance.judging.gate import EXIT_SUITE_ERROR

        if isinstance(error, Exception) and not isinstance(error, click.ClickException):
            traceback.print_exception(error)
            raise SystemExit(EXIT_SUITE_ERROR) from None


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """A termination ends a run as Ctrl-C does: verdicts written, target cleaned up."""

    def interrupt(signum: int, frame: object) -> None:
        del signum, frame
        signal.raise_signal(signal.SIGINT)  # which an event loop takes in order, and nothing else

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
