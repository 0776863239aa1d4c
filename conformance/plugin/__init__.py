"""pytest around the road: `pytest -p conformance.plugin --pyargs conformance --target-url …`.

One node a scenario, one item a requirement it judges. The plugin is loaded only where it is named, and all of its
options begin with `--target-`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

import conformance
from conformance.judging.plan import Selection, UnknownName
from conformance.judging.verdict import Line
from conformance.options import OPTIONS
from conformance.plugin import hooks
from conformance.plugin.conductor import Conductor
from conformance.plugin.distribution import process_count
from conformance.plugin.earlier import unpassed_lines
from conformance.plugin.folder import Conversations
from conformance.plugin.lead import SENT, VERDICT, Lead
from conformance.plugin.nodes import LANGUAGE, ON_REQUEST, TRAFFIC, RequirementItem, Suite
from conformance.plugin.replay import Replay
from conformance.plugin.worker import Worker
from conformance.settings import Settings, from_values
from conformance.target import ConfigurationError

PACKAGE: Final = Path(conformance.__file__).parent

_SELECTION: Final = pytest.StashKey[Selection]()
_ADDRESSES: Final = pytest.StashKey[frozenset[tuple[str, ...]]]()
_ANSWERABLE: Final = pytest.StashKey[Callable[[Line], bool]]()

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
        type=Path,
        help="Judge the saved run in this folder again instead of a server; nobody is talked to.",
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """The suite's own hooks: see `conformance.plugin.hooks`."""
    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Read and check the settings; nothing is connected to."""
    values = {option.key: config.getoption(option.pytest_dest) for option in OPTIONS}
    try:
        settings = from_values(values, os.environ)
        config.stash[_SELECTION] = _selection(config, settings)
        config.stash[_ADDRESSES] = _addresses(config)
        config.stash[ON_REQUEST] = settings.limits.explore > 0 or config.getoption("target_replay") is not None
        config.stash[LANGUAGE] = settings.lang or "en"
        if hasattr(config, "workerinput"):
            worker = Worker(config)
            config.pluginmanager.register(worker, "conformance-worker")
            _join_allure(config, worker.assignment.conversations)
        elif not config.getoption("collectonly", False):
            conductor = _conductor(config, settings)
            config.pluginmanager.register(Lead(config, conductor), "conformance-lead")
            _join_allure(config, conductor.conversations)
    except (ConfigurationError, UnknownName) as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A worker never empties Allure's folder: one that takes the place of a crashed one would take its results."""
    if hasattr(config, "workerinput"):
        config.option.clean_alluredir = False


def _conductor(config: pytest.Config, settings: Settings) -> Conductor | Replay:
    source: Path | None = config.getoption("target_replay")
    if source is None:
        return Conductor(settings, config.stash[_SELECTION], processes=process_count(config))
    if process_count(config):
        raise pytest.UsageError("--target-replay judges in one process; leave -n away.")
    replay = Replay(settings, source)
    config.stash[_ANSWERABLE] = replay.takes
    return replay


def _join_allure(config: pytest.Config, held: Conversations) -> None:
    """Have a say in what allure-pytest writes, where it was asked to; its modules are not loaded for nothing."""
    if config.getoption("allure_report_dir", None):
        from conformance.plugin.allure_results import register

        register(config, held, config.stash[LANGUAGE])


def _selection(config: pytest.Config, settings: Settings) -> Selection:
    selection = Selection(
        chapters=settings.chapters,
        requirements=settings.requirements,
        lines=unpassed_lines(settings.failed_from) if settings.failed_from else None,
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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what was asked for; `-k` and the like are pytest's own. What is over last is judged last."""
    selection, addresses = config.stash[_SELECTION], config.stash[_ADDRESSES]
    answerable = config.stash.get(_ANSWERABLE, lambda _: True)
    ours = [item for item in items if isinstance(item, RequirementItem)]
    for address in addresses:
        if not any(item.lies_at(address) for item in ours):
            raise pytest.UsageError(f"There is no {'::'.join(address)}; `--collect-only -q` shows what there is.")
    dropped = [
        item
        for item in ours
        if not selection.takes(item.line)
        or not answerable(item.line)
        or (addresses and not any(item.lies_at(address) for address in addresses))
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
