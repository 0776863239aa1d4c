"""The pytest plugin that runs the suite: `pytest -p conformance.plugin --pyargs conformance --target-url …`.

Collects one node per scenario and one item per requirement that the scenario judges. pytest loads the plugin only when
it is named with `-p`. All of its options begin with `--target-`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

import conformance
from conformance.chapters.registry import scenarios
from conformance.contract.operations import Profile
from conformance.judging.plan import Selection, UnknownName
from conformance.judging.verdict import PlannedCheck
from conformance.machine.os_errors import os_error_text
from conformance.machine.signals import ignore_unstarted_connections
from conformance.machine.thread_stacks import use_small_stacks
from conformance.options import OPTIONS, check_variables, is_blank
from conformance.plugin import hookspecs
from conformance.plugin.controller import RunController
from conformance.plugin.controller_plugin import SENT, VERDICT, ControllerPlugin
from conformance.plugin.last_failed import read_unpassed_checks
from conformance.plugin.nodes import LANGUAGE, ON_REQUEST, PROFILE, TRAFFIC, RequirementItem, Suite
from conformance.plugin.other_plugins import hide_allure_test_plan, refuse_other_runners
from conformance.plugin.replay import Replay, saved_profile
from conformance.plugin.run_folder import TranscriptFolder
from conformance.plugin.scheduling import process_count, require_utf8_names
from conformance.plugin.worker_plugin import WorkerPlugin
from conformance.settings import Settings, from_values
from conformance.target import ConfigurationError, Target

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
    """Add every setting of a run as a `--target-…` option."""
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
        help="Judge the saved run in this folder again. No requests are sent.",
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the hooks in `conformance.plugin.hookspecs`."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Read and check the settings. Opens no connection."""
    ignore_unstarted_connections()
    use_small_stacks()
    values = {option.key: config.getoption(option.pytest_dest) for option in OPTIONS}
    try:
        _refuse_empty(config)
        check_variables(os.environ)
        settings = from_values(values, os.environ)
        selection = config.stash[_SELECTION] = _selection(config, settings)
        config.stash[PROFILE] = selection.profile
        config.stash[_ADDRESSES] = _addresses(config)
        config.stash[ON_REQUEST] = settings.limits.explore > 0 or config.getoption("target_replay") is not None
        config.stash[LANGUAGE] = settings.lang or "en"
        if hasattr(config, "workerinput"):
            worker = WorkerPlugin(config)
            config.pluginmanager.register(worker, "conformance-worker")
            _join_allure(config, worker.run_config.transcript_folder, worker.run_config.target)
        elif not config.getoption("collectonly", False):
            controller = _controller(config, settings)
            config.pluginmanager.register(ControllerPlugin(config, controller), "conformance-lead")
            _join_allure(config, controller.transcript_folder, controller.target)
    except (ConfigurationError, UnknownName) as error:
        raise pytest.UsageError(error.reason.in_(config.getoption("target_lang") or "en")) from None
    except OSError as error:
        refused = os_error_text(error)
        if refused is None:
            raise
        raise pytest.UsageError(refused.in_(config.getoption("target_lang") or "en")) from None


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Keep Allure's folder in workers: a worker that replaces a crashed one would delete its results."""
    if hasattr(config, "workerinput"):
        config.option.clean_alluredir = False


def _refuse_empty(config: pytest.Config) -> None:
    """Check that `--target-…` options and `-k` are not empty, and that only the pytest option names the server.

    Raises:
        UsageError: a value is empty, or only the command line's environment variable names a server.
    """
    given = {option.pytest_option: config.getoption(option.pytest_dest) for option in OPTIONS}
    given |= {"--target-replay": config.getoption("target_replay"), "-k": _expression(config)}
    for name, value in given.items():
        if any(map(is_blank, value if isinstance(value, list | tuple) else (value,))):
            raise pytest.UsageError(f"{name} is empty. Give it a value, or leave it out.")
    judges_server = given["--target-replay"] is None and config.getoption("target_profile") != "worker"
    if given[BASE_URL.pytest_option] is None and judges_server and os.environ.get(BASE_URL.variable):
        raise pytest.UsageError(
            f"{BASE_URL.variable} is set, but pytest reads the server's address from {BASE_URL.pytest_option} only."
            " Give that option, or unset the variable."
        )


def _expression(config: pytest.Config) -> str | None:
    """Return the value of `-k`, or None if it was not given; pytest itself treats an empty `-k` as not given."""
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
            require_utf8_names(config)
        return RunController(settings, config.stash[_SELECTION], processes=process_count(config))
    if process_count(config):
        raise pytest.UsageError("--target-replay judges in a single process. Remove -n.")
    replay = Replay(settings, Path(named))
    config.stash[_ANSWERABLE] = replay.includes
    return replay


def _join_allure(config: pytest.Config, transcript_folder: TranscriptFolder, target: Target) -> None:
    """Register `AllureResults` if `--alluredir` was given. Imports allure's modules only then."""
    if config.getoption("allure_report_dir", None):
        from conformance.plugin.allure_results import register

        register(config, transcript_folder, config.stash[LANGUAGE], target)


def _selection(config: pytest.Config, settings: Settings) -> Selection:
    lines = read_unpassed_checks(settings.failed_from) if settings.failed_from else None
    selection = Selection(
        profile=_profile(config, settings, lines),
        chapters=settings.chapters,
        requirements=settings.requirements,
        lines=lines,
        expression=config.getoption("keyword", "") or "",
    )
    selection.require_known_names()
    return selection


def _profile(config: pytest.Config, settings: Settings, lines: Iterable[PlannedCheck] | None) -> Profile:
    """Return the profile to collect: that of the saved run, or the smallest that has every check of an earlier run."""
    replayed: str | None = config.getoption("target_replay")
    if replayed is not None:
        return "worker" if saved_profile(Path(replayed)) == "worker" else "work"
    if settings.profile == "worker":
        return settings.profile
    return "work" if _beyond_ack(lines) else settings.profile


def _beyond_ack(lines: Iterable[PlannedCheck] | None) -> bool:
    """Return whether an earlier run judged more than ack."""
    return any(line.scenario not in scenarios("ack") for line in lines or ())


def _addresses(config: pytest.Config) -> frozenset[tuple[str, ...]]:
    """Remove `::chapter::scenario::requirement` from the arguments and return these parts.

    pytest knows no parts of a package. Node ids printed by `--collect-only` are accepted, whatever directory they were
    printed in. Without parts, everything is selected.
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
    """Collect the package's folder as checks instead of Python files."""
    return Suite.from_parent(parent, path=path) if path == PACKAGE else None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Pass the package as a path: pytest would look for a conftest in a folder of the same name in the repository."""
    named = early_config.known_args_namespace
    if named.pyargs:
        words = [argument.partition("::") for argument in named.file_or_dir]
        named.file_or_dir = [
            (str(PACKAGE) if name == PACKAGE.name else name) + colons + rest for name, colons, rest in words
        ]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, object, object]:
    """Keep the selected items. pytest itself applies `-k` and similar options."""
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
            raise pytest.UsageError(f"{'::'.join(address)} does not exist. List every id with `--collect-only -q`.")
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
    """Attach the verdict to pytest's report, so that it also reaches the controller from a worker."""
    report = yield
    if isinstance(item, RequirementItem) and item.verdict is not None and report.when == "setup":
        setattr(report, VERDICT, item.verdict.to_json())
        if TRAFFIC in item.config.stash:
            setattr(report, SENT, {"process": os.getpid(), **asdict(item.config.stash[TRAFFIC]())})
    return report
