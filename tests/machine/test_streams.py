"""Closed, full, broken and narrow standard streams: the exit code is the verdict's, and nothing raises."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.certificate.signing import read_public
from tests.cli.processes import clean_environment

SHORT = "run --requirement ack.environment.not-self-hosted --output out"
OURS = f"{shlex.quote(sys.executable)} -m conformance"


def shell(line: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash in which `ours` is the command."""
    return subprocess.run(
        ["bash", "-c", f'ours() {{ {OURS} "$@"; }}; set -o pipefail; {line}'],
        cwd=cwd,
        env=clean_environment(**env),
        capture_output=True,
        timeout=60,
    )


def ended_well(ended: subprocess.CompletedProcess[bytes]) -> bool:
    assert b"Traceback" not in ended.stdout + ended.stderr
    assert b"Exception ignored" not in ended.stdout + ended.stderr
    return ended.returncode == 0


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    "streams",
    [
        ">&-",
        "2>&-",
        "<&-",
        "<&- >&- 2>&-",
        ">/dev/full",
        "2>/dev/full",
        ">/dev/full 2>&1",
        "| true",
        "2>&1 | head -c 1",
    ],
)
@pytest.mark.parametrize("command", [SHORT, "list", "explain ack.first.starting", "run --dry-run"])
def test_a_stream_that_takes_nothing(command: str, streams: str, unbuffered: str, tmp_path: Path) -> None:
    assert ended_well(shell(f"ours {command} {streams}", tmp_path, PYTHONUNBUFFERED=unbuffered))


def test_the_code_of_a_complaint_stays_too(tmp_path: Path) -> None:
    for streams in (">&-", "2>&-", "2>/dev/full", "2>&1 | true"):
        assert shell(f"ours run --chapter nothing {streams}", tmp_path).returncode == 2
        assert shell(f"ours no-such-command {streams}", tmp_path).returncode == 2


def test_a_pipe_that_does_not_block_gets_all_of_it(tmp_path: Path) -> None:
    """Some parents leave a pipe non-blocking; what does not fit into it at once comes later."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    command = [sys.executable, "-m", "conformance", "list", "--format", "json"]
    with (
        subprocess.Popen(command, cwd=tmp_path, env=clean_environment(), stdout=write) as process,
        os.fdopen(read) as out,
    ):
        os.close(write)
        data = json.load(out)
    assert process.returncode == 0
    assert data["chapters"]


@pytest.mark.parametrize("encoding", ["cp1252", "gbk", "ascii", "latin-1", "big5"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_code_page_that_lacks_characters(encoding: str, lang: str, tmp_path: Path) -> None:
    env = {"PYTHONIOENCODING": encoding}
    for command in (SHORT, "list", "explain ack.first.starting", "list --ambiguities"):
        ended = shell(f"ours {command} --lang {lang}", tmp_path, **env)
        assert ended_well(ended), ended.stderr
        ended.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "gbk", "ascii"])
def test_json_stays_json(encoding: str, tmp_path: Path) -> None:
    narrow = shell("ours list --format json", tmp_path, PYTHONIOENCODING=encoding)
    wide = shell("ours list --format json", tmp_path)
    assert narrow.returncode == 0
    assert json.loads(narrow.stdout.decode(encoding)) == json.loads(wide.stdout)


def test_a_certificate_holds_whatever_the_code_page(tmp_path: Path) -> None:
    vendor, challenge = "Łódź 有限公司 😀", shlex.quote("ação 😀")
    assert ended_well(shell("ours key --out k && ours key --out other", tmp_path))
    key = read_public((tmp_path / "k.pub").read_bytes()).fingerprint
    product = f"vendor = '{vendor}'\nproduct = 'G'\nversion = '1'\nkey = '{key}'\n"
    (tmp_path / "p.toml").write_text(product, "utf-8")
    assert ended_well(shell(f"ours run --output out --challenge {challenge} --for p.toml", tmp_path))
    certify = "certify out --demo --sign k"
    assert ended_well(shell(f"ours {certify}", tmp_path, PYTHONIOENCODING="ascii"))
    for encoding in ("utf-8", "cp1252", "gbk", "ascii"):
        ended = shell("ours verify certificate.json --key k.pub", tmp_path, PYTHONIOENCODING=encoding)
        assert ended_well(ended)
        assert "Valid demonstration" in ended.stdout.decode(encoding)
    for streams in (">&-", "2>&-", ">/dev/full", "| true"):
        assert ended_well(shell(f"ours verify certificate.json --key k.pub {streams}", tmp_path))
        assert shell(f"ours verify certificate.json --key other.pub {streams}", tmp_path).returncode == 1
