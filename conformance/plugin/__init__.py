"""pytest around the road: `pytest -p conformance.plugin --pyargs conformance --target-url …`.

One node a scenario, one item a requirement it judges. The plugin is loaded only where it is named, and all of its
options begin with `--target-`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

import conformance
from conformance.judging.plan import Selection, UnknownName
from conformance.judging.verdict import PlannedCheck
from conformance.machine.os_errors import refusal
from conformance.options import OPTIONS, check_variables, is_blank
from conformance.plugin import hookspecs
from conformance.plugin.controller import RunController
from conformance.plugin.controller_plugin import SENT, VERDICT, ControllerPlugin
from conformance.plugin.last_failed import read_unpassed_checks
from conformance.plugin.nodes import LANGUAGE, ON_REQUEST, TRAFFIC, RequirementItem, Suite
from conformance.plugin.other_plugins import hide_allure_test_plan, refuse_other_runners
from conformance.plugin.replay import Replay
from conformance.plugin.run_folder import TranscriptFolder
from conformance.plugin.scheduling import check_names, process_count
from conformance.plugin.worker_plugin import WorkerPlugin
from conformance.settings import Settings, from_values
from conformance.target import ConfigurationError

PACKAGE: Final = Path(conformance.__file__).parent

BASE_URL: Final = OPTIONS[0]

_SELECTION: Final = pytest.StashKey[Selection]()
_ADDRESSES: Final = pytest.StashKey[frozenset[tuple[str, ...]]]()
_ANSWERABLE: Final = pytest.StashKey[Callable[[PlannedCheck], bool]]()

_ARGUMENTS: Final[dict[str, dict[str, Any]]] = {
    "text": {},
    "number": {"type": float},
    "count": {"type": int},
    "flag": {"action": "store_true"},
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every setting of a run as `--target-…`."""
    group = parser.getgroup("target", "conformance of a Work API server")
    for option in OPTIONS:
        arguments = dict(_ARGUMENTS[option.kind])
        if option.multiple:
            arguments["action"] = "append"
        if option.choices:
            arguments["choices"] = option.choices
        if option.kind != "flag":
            arguments["metavar"] = option.metavar
        group.addoption(option.pytest_option, dest=option.pytest_dest, help=option.help.en, **arguments)
    group.addoption(
        "--target-replay",
        metavar="DIR",
        help="Judge the saved run in this folder again instead of a server; nobody is talked to.",
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """The suite's own hooks: see `conformance.plugin.hookspecs`."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Read and check the settings; nothing is connected to."""
    values = {option.key: config.getoption(option.pytest_dest) for option in OPTIONS}
    try:
        _refuse_empty(config)
        check_variables(os.environ)
        settings = from_values(values, os.environ)
        config.stash[_SELECTION] = _selection(config, settings)
        config.stash[_ADDRESSES] = _addresses(config)
        config.stash[ON_REQUEST] = settings.limits.explore > 0 or config.getoption("target_replay") is not None
        config.stash[LANGUAGE] = settings.lang or "en"
        if hasattr(config, "workerinput"):
            worker = WorkerPlugin(config)
            config.pluginmanager.register(worker, "conformance-worker")
            _join_allure(config, worker.run_config.conversations)
        elif not config.getoption("collectonly", False):
            controller = _controller(config, settings)
            config.pluginmanager.register(ControllerPlugin(config, controller), "conformance-lead")
            _join_allure(config, controller.conversations)
    except (ConfigurationError, UnknownName) as error:
        raise pytest.UsageError(error.reason.in_(config.getoption("target_lang") or "en")) from None
    except OSError as error:
        refused = refusal(error)
        if refused is None:
            raise
        raise pytest.UsageError(refused.in_(config.getoption("target_lang") or "en")) from None


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A worker never empties Allure's folder: one that takes the place of a crashed one would take its results."""
    if hasattr(config, "workerinput"):
        config.option.clean_alluredir = False


def _refuse_empty(config: pytest.Config) -> None:
    """See that what is given as `--target-…` or `-k` is something, and that the server is not named where nobody looks.

    Raises:
        UsageError: it is empty, or the variable of the command line names a server that pytest would not judge.
    """
    given = {option.pytest_option: config.getoption(option.pytest_dest) for option in OPTIONS}
    given |= {"--target-replay": config.getoption("target_replay"), "-k": _expression(config)}
    for name, value in given.items():
        if any(map(is_blank, value if isinstance(value, list | tuple) else (value,))):
            raise pytest.UsageError(f"{name} is empty; give it a value, or leave it out.")
    if given[BASE_URL.pytest_option] is None and given["--target-replay"] is None and os.environ.get(BASE_URL.variable):
        raise pytest.UsageError(
            f"{BASE_URL.variable} names a server, but pytest takes it from {BASE_URL.pytest_option} alone; give that, or unset"
            " the variable."
        )


def _expression(config: pytest.Config) -> str | None:
    """`-k` as it was given; None where it was not: pytest itself takes an empty one for none."""
    words = list(config.invocation_params.args)
    for at, word in enumerate(map(str, words)):
        if word == "-k" and at + 1 < len(words):
            return str(words[at + 1])
        if word in {"-k", "-k="}:
            return ""
    return config.getoption("keyword", "") or None


def _controller(config: pytest.Config, settings: Settings) -> RunController | Replay:
    named: str | None = config.getoption("target_replay")
    if named is None:
        if process_count(config):
            check_names(config)
        return RunController(settings, config.stash[_SELECTION], processes=process_count(config))
    if process_count(config):
        raise pytest.UsageError("--target-replay judges in one process; leave -n away.")
    replay = Replay(settings, Path(named))
    config.stash[_ANSWERABLE] = replay.includes
    return replay


def _join_allure(config: pytest.Config, transcript_folder: TranscriptFolder) -> None:
    """Have a say in what allure-pytest writes, where it was asked to; its modules are not loaded for nothing."""
    if config.getoption("allure_report_dir", None):
        from conformance.plugin.allure_results import register

        register(config, transcript_folder, config.stash[LANGUAGE])


def _selection(config: pytest.Config, settings: Settings) -> Selection:
    selection = Selection(
        chapters=settings.chapters,
        requirements=settings.requirements,
        lines=read_unpassed_checks(settings.failed_from) if settings.failed_from else None,
        expression=config.getoption("keyword", "") or "",
    )
    selection.check_names()
    return selection


def _addresses(config: pytest.Config) -> frozenset[tuple[str, ...]]:
    """Take `::chapter::scenario::requirement` off the arguments: pytest knows no parts of a package.

    What collection prints may be given back, wherever it was printed. Without parts everything is meant.
    """
    addresses = []
    for at, argument in enumerate(config.args):
        name, *parts = argument.split("::")
        if name == PACKAGE.name or (parts and not name) or Path(name).resolve() == PACKAGE:
            config.args[at] = name or str(PACKAGE)
            addresses.append(tuple(parts))
    config.args[:] = dict.fromkeys(config.args)
    return frozenset(addresses if all(addresses) else ())


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The package's folder is collected as cases, not as Python files."""
    return Suite.from_parent(parent, path=path) if path == PACKAGE else None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Name the package by its path: a folder of its name in somebody's repository would be looked into for a conftest."""
    named = early_config.known_args_namespace
    if named.pyargs:
        words = [argument.partition("::") for argument in named.file_or_dir]
        named.file_or_dir = [
            (str(PACKAGE) if name == PACKAGE.name else name) + colons + rest for name, colons, rest in words
        ]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, object, object]:
    """Keep what was asked for; `-k` and the like are pytest's own."""
    ours = [item for item in items if isinstance(item, RequirementItem)]
    if not ours:
        return (yield)
    refuse_other_runners(config)
    _keep_asked_for(config, items, ours)
    with hide_allure_test_plan() if len(ours) == len(items) else contextlib.nullcontext():
        return (yield)


def _keep_asked_for(config: pytest.Config, items: list[pytest.Item], ours: list[RequirementItem]) -> None:
    selection, addresses = config.stash[_SELECTION], config.stash[_ADDRESSES]
    answerable = config.stash.get(_ANSWERABLE, lambda _: True)
    for address in addresses:
        if not any(item.matches_address(address) for item in ours):
            raise pytest.UsageError(f"There is no {'::'.join(address)}; `--collect-only -q` shows what there is.")
    dropped = [
        item
        for item in ours
        if not selection.includes(item.line)
        or not answerable(item.line)
        or (addresses and not any(item.matches_address(address) for address in addresses))
    ]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]
    items.sort(key=lambda item: isinstance(item, RequirementItem) and item.mostly_waits)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the verdict travel with the report, also from another process."""
    report = yield
    if isinstance(item, RequirementItem) and item.verdict is not None and report.when == "setup":
        setattr(report, VERDICT, item.verdict.to_json())
        if TRAFFIC in item.config.stash:
            setattr(report, SENT, {"process": os.getpid(), **asdict(item.config.stash[TRAFFIC]())})
    return report
