"""The docs' walk-through of a registry, word for word, on an emulator whose ids are a vendor's."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import conformance
from conformance.certificate.bundle import read_bundle
from conformance.certificate.policy import parse_policy
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.registry.fetch import SECONDS
from conformance.registry.files import MAX_INDEX
from conformance.registry.store import read_registry
from conformance.registry.traces import ENOUGH, traces_of
from conformance.text import Lang
from tests.certificate.conftest import Certified
from tests.certificate.test_readme import masked
from tests.cli.processes import tokens_environment
from tests.documents import BOOK, PAGE, WRITTEN, blocks
from tests.vendor.test_readme import shell

EACH_LANGUAGE = pytest.mark.parametrize("lang", WRITTEN)
LINES = [line for block in blocks(BOOK["en"], "sh registry") for line in block.lines]
VERIFY = [line for line in LINES if line.startswith("work-conformance verify")]
REVOKE = next(line for line in LINES if "registry revoke" in line)


@pytest.fixture(scope="module")
def vendor() -> Iterator[dict[str, str]]:
    """The environment of somebody who runs the suite on a server that is not known as the emulator."""
    tokens = Tokens.generate()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.emulator.ids.MARK_KEY", b"a vendor's")
        with EmulatorServer(create_app(tokens=tokens)) as server:
            yield {**tokens_environment(tokens), "WORK_CONFORMANCE_BASE_URL": server.base_url}


def write_product(folder: Path, key: str) -> None:
    """Write the product of the docs, with the fingerprint that `key` printed."""
    [fingerprint] = re.findall(r"\b[0-9a-f]{64}\b", key)
    [block] = blocks(BOOK["en"], "toml product")
    text = "\n".join(block.lines) + "\n"
    (folder / "product.toml").write_text(re.sub(r"[0-9a-f]{64}", fingerprint, text), "utf-8")


Walk = list[tuple[str, subprocess.CompletedProcess[str], dict[Lang, str]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("walk")


@pytest.fixture(scope="module")
def walked(folder: Path, vendor: dict[str, str]) -> Walk:
    """Every line with how it ended; of `verify`, also what it says in each language."""
    [policy] = blocks(BOOK["en"], "toml registry")
    (folder / "policy.toml").write_text("\n".join(policy.lines) + "\n", "utf-8")
    walk: Walk = []
    for line in LINES:
        env = vendor if line.startswith("work-conformance run") else {}
        done = shell(line, folder, env)
        said: dict[Lang, str] = {}
        if line in VERIFY:
            said = {lang: shell(f"{line} --lang {lang}", folder, {}).stdout for lang in WRITTEN}
        if "--out vendor.pem" in line:
            write_product(folder, done.stdout)
        walk.append((line, done, said))
    return walk


def test_every_line_does_what_it_says(walked: Walk) -> None:
    """Only the third party, who looks again after the revocation, gets another code."""
    wrong = [(line, done.stdout + done.stderr) for line, done, _ in walked if done.returncode and line != VERIFY[1]]
    assert wrong == []
    assert [done.returncode for line, done, _ in walked if line == VERIFY[1]] == [1]
    assert LINES.index(VERIFY[0]) < LINES.index(REVOKE) < LINES.index(VERIFY[1])


@EACH_LANGUAGE
def test_what_verify_says_is_what_is_shown(lang: Lang, walked: Walk) -> None:
    written = [said[lang] for line, _, said in walked if line in VERIFY]
    for shown, text in zip(blocks(BOOK[lang], "text registry"), written, strict=True):
        assert masked(text)[-len(shown.lines) :] == masked("\n".join(shown.lines))


def test_the_registry_that_is_left(walked: Walk, folder: Path) -> None:
    assert walked
    registry = read_registry(folder / "registry")
    [entry] = registry.entries.values()
    assert (entry.status, entry.reason) == ("revoked", "The product was recalled.")
    assert (len(registry.index.keys), registry.index.grace_days) == (2, 90)
    badge = (folder / "badge" / "badge.json").read_text("utf-8")
    assert "ack · 已登记 · " in badge  # the last `verify` that wrote it spoke Chinese


def test_two_runs_have_no_evidence_in_common(walked: Walk, folder: Path, certified: Certified) -> None:
    assert walked
    other = read_bundle((folder / "certificate.json").read_bytes()).evidence()
    assert not set(traces_of(certified.bundle.evidence())) & set(traces_of(other))


@EACH_LANGUAGE
def test_the_policy_is_one(lang: Lang) -> None:
    [block] = blocks(BOOK[lang], "toml registry")
    assert parse_policy("\n".join(block.lines).encode()).bound


@EACH_LANGUAGE
def test_the_files_of_the_docs_are_those_of_the_folder(lang: Lang, walked: Walk, folder: Path) -> None:
    assert walked
    for name in sorted(path.name for path in (folder / "registry").iterdir()):
        assert f"`{name}" in PAGE[lang]["registry"]


@EACH_LANGUAGE
def test_numbers_are_those_of_the_code(lang: Lang) -> None:
    text = " ".join(PAGE[lang]["registry"].split())
    words = {
        "en": (f"at most {MAX_INDEX >> 20} MiB of index in {SECONDS:g} seconds", "three responses with a work item"),
        "zh": (f"至多读取 {MAX_INDEX >> 20} MiB，时限 {SECONDS:g} 秒", "有三个含 work item 的响应"),
    }[lang]
    assert ENOUGH == 3
    assert all(word in text for word in words)


# --- the workflow


@EACH_LANGUAGE
def test_the_workflow_checks_a_submission(lang: Lang, walked: Walk, folder: Path, tmp_path: Path) -> None:
    """The duplicate is refused by the command of the workflow, and an empty file too."""
    assert walked
    [block] = blocks(BOOK[lang], "yaml registry")
    workflow = yaml.safe_load("\n".join(block.lines))
    assert workflow[True] == "pull_request"  # `on` is a boolean in YAML 1.1
    assert workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["check"]["steps"]
    assert all(step["with"]["persist-credentials"] is False for step in steps if "uses" in step)
    install, check = steps[-2]["run"], steps[-1]["run"]
    assert install.endswith(f'work-conformance@v{conformance.__version__}"')
    assert "${{" not in check
    base, head = tmp_path / "base", tmp_path / "head" / "submissions"
    base.mkdir()
    head.mkdir(parents=True)
    (base / "registry").symlink_to(folder / "registry")
    (base / "authority.pem.pub").symlink_to(folder / "authority.pem.pub")
    (head / "a b.json").write_bytes((folder / "certificate.json").read_bytes())
    done = shell(f"set -e\n{check}", tmp_path, {})
    assert done.returncode == 1
    assert "The registry has this certificate already (revoked)." in done.stderr


def test_only_submissions_may_change(tmp_path: Path) -> None:
    [block] = blocks(BOOK["en"], "yaml registry")
    step = next(
        step
        for step in yaml.safe_load("\n".join(block.lines))["jobs"]["check"]["steps"]
        if "diff" in step.get("run", "")
    )

    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "-C", "head", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "head" / "submissions").mkdir(parents=True)
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "base")
    (tmp_path / "head" / "submissions" / "a.json").write_text("{}")
    git("add", "-A")
    git("commit", "-q", "-m", "a submission")
    assert shell(step["run"], tmp_path, {}).returncode == 0
    (tmp_path / "head" / "index.json").write_text("{}")
    git("add", "-A")
    git("commit", "-q", "--amend", "-m", "more")
    assert shell(step["run"], tmp_path, {}).returncode == 1


# --- a witness


def test_a_witness_runs_the_suite(tmp_path: Path, vendor: dict[str, str]) -> None:
    key = shell("work-conformance key --out authority.pem", tmp_path, {})
    write_product(tmp_path, key.stdout)
    [block] = blocks(BOOK["en"], "sh witness")
    for line in block.lines:
        done = shell(line, tmp_path, vendor if line.startswith("work-conformance run") else {})
        assert done.returncode == 0, line + done.stdout + done.stderr
    assert done.stdout.startswith("Witnessed: the signer claims")
    assert "signed with the given key" in done.stdout
