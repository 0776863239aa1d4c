"""The layers of the code: which package may import which, that nothing imports in a circle, and how long a module may be.

The layers are a table. A package that is not in it fails: whoever adds one adds it there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance

PACKAGE = Path(conformance.__file__).parent

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"text"}),
    frozenset({"suggest", "machine"}),
    frozenset({"contract"}),
    frozenset({"linearizability"}),
    frozenset({"exchange", "target"}),
    frozenset({"redaction"}),
    frozenset({"product_names"}),
    frozenset({"binding"}),
    frozenset({"client"}),
    frozenset({"arrange"}),
    frozenset({"scenario"}),
    frozenset({"worker_harness"}),
    frozenset({"stateful"}),
    frozenset({"chapters"}),
    frozenset({"judging"}),
    frozenset({"evidence"}),
    frozenset({"certificate", "comparison"}),
    frozenset({"reporting"}),
    frozenset({"registry"}),
    frozenset({"options", "request_options"}),
    frozenset({"settings"}),
    frozenset({"doctor"}),
    frozenset({"plugin"}),
    frozenset({"mutation"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""Bottom up. A package imports packages of lower layers."""

APART = frozenset({"emulator", "derive", "workers"})
"""Packages that import no other package of this project."""

MAY_USE_APART = {
    "emulator": frozenset({"plugin", "mutation", "cli"}),
    "derive": frozenset({"cli"}),
    "workers": frozenset({"mutation", "cli"}),
}

LONGEST = 400
CATCH_ALLS = frozenset({"scenario/suite_error.py", "judging/judge.py"})
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "shared"})

MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in MODULES]
EACH = pytest.mark.parametrize("path", MODULES, ids=NAMES)


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer_of(package: str) -> int:
    return next((number for number, packages in enumerate(LAYERS) if package in packages), -1)


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


def packages_used(path: Path) -> set[str]:
    """The packages of this project that a module imports, but for its own."""
    parent = ("conformance", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for name in modules_imported(ast.parse(path.read_text("utf-8")), parent):
        root, *rest = name.split(".")
        if root == "conformance" and rest and not rest[0].startswith("__version"):
            found.add(rest[0])
    return found - {package_of(path)}


def may_use(package: str, other: str) -> bool:
    if other in APART:
        return package in MAY_USE_APART[other]
    if package in APART:
        return False
    return 0 <= layer_of(other) < layer_of(package)


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
def test_every_package_has_a_layer(path: Path) -> None:
    package = package_of(path)
    assert package == "__init__" or package in APART or layer_of(package) >= 0, f"add {package} to LAYERS"


@EACH
def test_imports_point_to_lower_layers(path: Path) -> None:
    package = package_of(path)
    if package == "__init__":
        assert packages_used(path) == set()
        return
    wrong = {other for other in packages_used(path) if not may_use(package, other)}
    assert wrong == set(), f"{package} may not import these"


def module_of(path: Path) -> str:
    """The dotted name of a module; a package's own is that of its folder."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph() -> dict[str, set[str]]:
    """For each module the modules of ours that it imports, for type checking alone and within functions as well."""
    names = {module_of(path): path for path in MODULES}
    graph: dict[str, set[str]] = {}
    for module, path in names.items():
        package = ("conformance", *path.relative_to(PACKAGE).parts[:-1])
        found = set()
        for imported in modules_imported(ast.parse(path.read_text("utf-8")), package):
            found.add(imported if imported in names else imported.rpartition(".")[0])
        graph[module] = found & set(names) - {module}
    return graph


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """The nodes of `graph` that are on a cycle, or lie between two cycles; empty where there is none."""
    left = {node: set(others) for node, others in graph.items()}
    for _ in range(2):
        while ends := {node for node, others in left.items() if not others & set(left)}:
            left = {node: others for node, others in left.items() if node not in ends}
        left = {node: {other for other in left if node in left[other]} for node in left}
    return sorted(left)


def test_nothing_imports_in_a_circle() -> None:
    assert cycle_in(import_graph()) == []


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, ["a", "b"]),
        ({"z": {"a"}, "a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}, ["a", "b", "c"]),
    ],
)
def test_a_circle_is_found(graph: dict[str, set[str]], cycle: list[str]) -> None:
    assert cycle_in(graph) == cycle


@EACH
def test_a_module_is_read_in_one_go(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


@EACH
def test_a_module_is_named_for_what_it_does(path: Path) -> None:
    words = {part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts}
    assert not words & EMPTY_NAMES


def test_everything_is_caught_in_two_places_only() -> None:
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
        ("from . import items", {"conformance.arrange.items"}),
        ("from .items import Item", {"conformance.arrange.items.Item"}),
        ("from ..client import api", {"conformance.client.api"}),
        ("from .. import client", {"conformance.client"}),
        ("def f():\n    import conformance.cli", {"conformance.cli"}),
    ],
)
def test_imports_are_found_however_they_are_written(source: str, names: set[str]) -> None:
    assert set(modules_imported(ast.parse(source), ("conformance", "arrange"))) == names


@pytest.mark.parametrize(
    ("package", "other", "allowed"),
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
def test_the_table_is_read_from_the_bottom_up(package: str, other: str, allowed: bool) -> None:
    assert may_use(package, other) is allowed


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
