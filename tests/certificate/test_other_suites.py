"""A certificate that an older version made, verified by copies of the package that were developed further."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import conformance
from conformance.contract.schema_files import schema_folder
from tests.certificate.conftest import Certified
from tests.cli.processes import clean_environment

RULES = Path("contract") / "requirements" / "ack" / "retries.toml"
CHAPTER = Path("chapters") / "ack" / "retries.py"
CHECKS = "    checks = [\n"
JUDGES = "def acknowledged_at_kept("
NEW_RULE = """
[[requirement]]
id = "ack.retry.newer"
level = "MUST"
basis = "stated"
since = "1.3"
sources = ["ack#introduction~active"]
text.en = "A newer rule."
text.zh = "新增的要求。"
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package in a folder of its own."""
    copy = tmp_path / "site" / "conformance"
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(conformance.__file__).parent, copy, ignore=ours)
    shutil.copytree(schema_folder(), copy / "schemas", dirs_exist_ok=True, ignore=ours)
    return copy


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, path
    path.write_text(text.replace(old, new, 1), "utf-8")


def verified(package: Path, certified: Certified, tmp_path: Path) -> tuple[int, str]:
    (tmp_path / "certificate.json").write_bytes(certified.content)
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "verify", "certificate.json"],
        cwd=tmp_path,
        env=clean_environment(PYTHONPATH=os.fspath(package.parent)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def nothing(package: Path) -> None:
    """An installed copy is the same suite as the checkout."""


def a_comment(package: Path) -> None:
    change(package / CHAPTER, "from __future__", "# a comment\nfrom __future__")


def a_newer_requirement(package: Path) -> None:
    change(package / "contract" / "catalogue.toml", '"1.2"', '"1.3"')
    (package / RULES).write_text((package / RULES).read_text("utf-8") + NEW_RULE, "utf-8")
    change(package / CHAPTER, CHECKS, f'{CHECKS}        Check("ack.retry.newer", acknowledged_at_kept(steps)),\n')


def a_newer_requirement_that_fails(package: Path) -> None:
    a_newer_requirement(package)
    change(
        package / CHAPTER, 'Check("ack.retry.newer", acknowledged_at_kept(steps))', 'Check("ack.retry.newer", never)'
    )
    never = "def never(view: View) -> Iterator[Finding]:\n    yield Finding(step='retry.1', expected=Text('a', '甲'), actual=Text('b', '乙'))\n\n\n"
    change(package / CHAPTER, JUDGES, never + JUDGES)


def a_stricter_check(package: Path) -> None:
    change(package / CHAPTER, "if now is None or not timestamps.not_before(now, since):", "if step:")


def a_requirement_of_another_name(package: Path) -> None:
    for path in (package / RULES, package / CHAPTER):
        change(path, "ack.retry.acknowledged-at-kept", "ack.retry.acknowledged-at-held")
    change(package / RULES, 'acknowledged-at-held"', 'acknowledged-at-held"\nsince = "1.3"')
    change(package / "contract" / "catalogue.toml", '"1.2"', '"1.3"')


def a_newer_scenario(package: Path) -> None:
    change(package / CHAPTER, 'id="retry.no-id"', 'id="retry.no-id-again"')


HOLDS: dict[Callable[[Path], None], tuple[str, ...]] = {
    nothing: (),
    a_comment: ("The installed files differ from the certified ones: the suite's files.",),
    a_newer_requirement: (
        "Certified with 1.2, verified with 1.3: version of the requirement set.",
        "The installed files differ from the certified ones: the requirement set.",
        "Newer than the certificate and not part of it: ack.retry.newer (passed).",
    ),
    a_newer_requirement_that_fails: ("Newer than the certificate and not part of it: ack.retry.newer (failed).",),
}
UNCLEAR: dict[Callable[[Path], None], str] = {
    a_stricter_check: "ack.retry.acknowledged-at-kept: the certificate says passed, the evidence shows failed.",
    a_requirement_of_another_name: "does not contain these requirements: ack.retry.acknowledged-at-kept.",
    a_newer_scenario: "missing: retry.no-id-again.",
}


@pytest.mark.parametrize("development", HOLDS, ids=lambda development: development.__name__)
def test_it_holds_where_its_own_verdicts_are_the_same(
    development: Callable[[Path], None], package: Path, certified: Certified, tmp_path: Path
) -> None:
    development(package)
    code, output = verified(package, certified, tmp_path)
    assert code == 0, output
    for note in HOLDS[development]:
        assert note in output
    if not HOLDS[development]:
        assert "differ from the certified ones" not in output


@pytest.mark.parametrize("development", UNCLEAR, ids=lambda development: development.__name__)
def test_nothing_can_be_told_where_they_are_not(
    development: Callable[[Path], None], package: Path, certified: Certified, tmp_path: Path
) -> None:
    development(package)
    code, output = verified(package, certified, tmp_path)
    assert code == 2, output
    assert UNCLEAR[development] in output
    assert "Install version 0.1.0 of work-conformance (requirement set 1.2) and verify with that version." in output
    assert output.rstrip().endswith("Cannot tell.")
