"""The house: which room may look into which, and how large a room's parts may be.

The order is a table. A room it does not know fails: whoever adds one says where it stands.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance

PACKAGE = Path(conformance.__file__).parent

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"text"}),
    frozenset({"suggest", "machine"}),
    frozenset({"contract"}),
    frozenset({"linearizability"}),
    frozenset({"exchange", "target"}),
    frozenset({"client"}),
    frozenset({"arrange"}),
    frozenset({"scenario"}),
    frozenset({"stateful"}),
    frozenset({"chapters"}),
    frozenset({"judging"}),
    frozenset({"evidence"}),
    frozenset({"certificate", "comparison"}),
    frozenset({"reporting"}),
    frozenset({"options"}),
    frozenset({"settings"}),
    frozenset({"doctor"}),
    frozenset({"plugin"}),
    frozenset({"mutation"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""Bottom up. A room looks into rooms of lower floors."""

APART = frozenset({"emulator", "derive"})
"""Rooms that look into nothing of ours."""

MAY_USE_APART = {"emulator": frozenset({"plugin", "mutation", "cli"}), "derive": frozenset({"cli"})}

LONGEST = 400
CATCH_ALLS = frozenset({"scenario/execute.py", "judging/judge.py", "reporting/write.py"})
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "shared"})

MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in MODULES]
EACH = pytest.mark.parametrize("path", MODULES, ids=NAMES)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor_of(room: str) -> int:
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), -1)


def modules_imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Full dotted names of what a module imports; for `from a import b` also `a.b`, which may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            for alias in node.names:
                yield f"{module}.{alias.name}"


def rooms_used(path: Path) -> set[str]:
    """The rooms of ours that a module looks into."""
    package = ("conformance", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for name in modules_imported(ast.parse(path.read_text("utf-8")), package):
        root, *rest = name.split(".")
        if root == "conformance" and rest and not rest[0].startswith("__version"):
            found.add(rest[0])
    return found - {room_of(path)}


def may_use(room: str, other: str) -> bool:
    if other in APART:
        return room in MAY_USE_APART[other]
    if room in APART:
        return False
    return 0 <= floor_of(other) < floor_of(room)


def catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in WIDE) for kind in kinds)


WIDE = frozenset({"Exception", "BaseException"})


def catch_alls(path: Path) -> int:
    """Places where every exception is caught, and not raised again as it is."""
    count = 0
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler) and catches_all(node):
            last = node.body[-1]
            count += not (isinstance(last, ast.Raise) and last.exc is None)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            count += any(isinstance(argument, ast.Name) and argument.id in WIDE for argument in node.args)
    return count


@EACH
def test_every_room_is_known(path: Path) -> None:
    room = room_of(path)
    assert room == "__init__" or room in APART or floor_of(room) >= 0, f"say in the table where {room} stands"


@EACH
def test_arrows_only_point_down(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        assert rooms_used(path) == set()
        return
    wrong = {other for other in rooms_used(path) if not may_use(room, other)}
    assert wrong == set(), f"{room} may not look into these"


@EACH
def test_a_module_is_read_in_one_go(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


@EACH
def test_a_module_is_named_for_what_it_does(path: Path) -> None:
    words = {part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts}
    assert not words & EMPTY_NAMES


def test_everything_is_caught_in_three_places_only() -> None:
    found = {name: count for path, name in zip(MODULES, NAMES, strict=True) if (count := catch_alls(path))}
    outside = {name: count for name, count in found.items() if not name.startswith("emulator/")}
    assert outside == dict.fromkeys(CATCH_ALLS, 1)
    assert sum(found.values()) - len(outside) <= 1


def test_nothing_of_the_tests_is_imported() -> None:
    for path in MODULES:
        package = ("conformance", *path.relative_to(PACKAGE).parts[:-1])
        roots = {name.split(".")[0] for name in modules_imported(ast.parse(path.read_text("utf-8")), package)}
        assert "tests" not in roots


# --- the rule itself


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import conformance.client.api", {"conformance.client.api"}),
        ("from conformance import client", {"conformance.client"}),
        ("from conformance.client import api as a, client", {"conformance.client.api", "conformance.client.client"}),
        ("from . import items", {"conformance.arrange.api_arranger"}),
        ("from .items import Item", {"conformance.arrange.api_arranger.Item"}),
        ("from ..client import api", {"conformance.client.api"}),
        ("from .. import client", {"conformance.client"}),
        ("def f():\n    import conformance.cli", {"conformance.cli"}),
    ],
)
def test_imports_are_found_however_they_are_written(source: str, names: set[str]) -> None:
    assert set(modules_imported(ast.parse(source), ("conformance", "arrange"))) == names


@pytest.mark.parametrize(
    ("room", "other", "allowed"),
    [
        ("contract", "text", True),
        ("text", "contract", False),
        ("exchange", "target", False),
        ("client", "exchange", True),
        ("client", "arrange", False),
        ("chapters", "judging", False),
        ("plugin", "settings", True),
        ("settings", "plugin", False),
        ("mutation", "plugin", True),
        ("mutation", "emulator", True),
        ("plugin", "mutation", False),
        ("cli", "emulator", True),
        ("judging", "emulator", False),
        ("emulator", "text", False),
        ("client", "attic", False),
    ],
)
def test_the_table_is_read_from_the_bottom_up(room: str, other: str, allowed: bool) -> None:
    assert may_use(room, other) is allowed


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("try: ...\nexcept Exception: ...", 1),
        ("try: ...\nexcept: ...", 1),
        ("try: ...\nexcept (KeyError, BaseException): ...", 1),
        ("try: ...\nexcept BaseException:\n    raise", 0),
        ("try: ...\nexcept ValueError: ...", 0),
        ("with contextlib.suppress(Exception): ...", 1),
        ("with suppress(OSError): ...", 0),
    ],
)
def test_a_catch_all_is_recognised(source: str, count: int, tmp_path: Path) -> None:
    module = tmp_path / "m.py"
    module.write_text(source)
    assert catch_alls(module) == count
