"""`serve --variant` and `list --variants`, as a user calls them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from conformance.emulator.variants import VARIANTS
from tests.cli.processes import cli


@contextmanager
def serving(*arguments: str) -> Iterator[dict[str, str]]:
    """The environment that a served emulator asks for; ended by a signal, and then without complaint."""
    command = [sys.executable, "-m", "conformance", "serve", "--lang", "en", "--port", "0", *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("QODER", "WORK_CONF"))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        shown = [process.stdout.readline() for _ in range(6)]
        try:
            yield dict(line.removeprefix("export ").strip().split("=", 1) for line in shown[1:])
        finally:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_a_served_combination_is_conformant(tmp_path: Path) -> None:
    """In the front, in the application and in its decisions at once, from another process."""
    names = "upper-case-headers,chunked,segments,reset,base-path"
    with serving("--variant", names, "--variant", "ulids", "--variant", "milliseconds,polled-id-binds") as environ:
        assert environ["WORK_CONFORMANCE_BASE_URL"].endswith("/gateway/team-a")
        ended = cli("run", "--lang", "en", "--output", "out", cwd=tmp_path, env=environ)
    assert ended.code == 0, ended.out + ended.err
    assert "\nConformant: " in ended.out
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    judged = [rule for chapter in report["chapters"] for rule in chapter["requirements"]]
    warned = {rule["id"] for rule in judged if rule["verdict"] == "warned"}
    assert warned == {"ack.answer.id-form", "ack.identity.ack-without-id"}


def test_a_server_at_ipv6_is_reached_by_its_address() -> None:
    """Every machine that runs the tests has ::1; one that has not is told so here, and nothing is skipped."""
    assert socket.has_ipv6, "this Python knows no IPv6: the variant `ipv6` is untested"
    with serving("--variant", "ipv6") as environ:
        base_url = environ["WORK_CONFORMANCE_BASE_URL"]
        assert base_url.startswith("http://[::1]:")
        headers = {"Authorization": f"Bearer {environ['QODER_PAT']}"}
        answer = httpx.get(f"{base_url}/api/v1/cloud/models", headers=headers, trust_env=False)
    assert answer.status_code == 200


def test_without_a_variant_on_the_wire_there_is_no_front() -> None:
    with serving("--variant", "gzip") as environ:
        answer = httpx.get(f"{environ['WORK_CONFORMANCE_BASE_URL']}/api/v1/cloud/models", trust_env=False)
    assert (answer.status_code, answer.headers["content-encoding"]) == (401, "gzip")


@pytest.mark.parametrize(
    ("lang", "values", "words"),
    [
        ("en", ["gzipp"], "Unknown variant 'gzipp'; did you mean 'gzip'?"),
        ("zh", ["gzipp"], "未知的变体 'gzipp'；是否应为 'gzip'？"),
        ("en", ["xyz"], "`work-conformance list --variants`"),
        ("en", ["gzip,ulids", "numbers"], "of the group 'ids' can be used at a time; choose one of ulids, numbers."),
        ("zh", ["gzip,ulids", "numbers"], "请从 ulids, numbers 中选择其一。"),
    ],
)
def test_what_cannot_be_served_says_why(lang: str, values: list[str], words: str, tmp_path: Path) -> None:
    options = [word for value in values for word in ("--variant", value)]
    ended = cli("serve", "--lang", lang, "--port", "0", *options, cwd=tmp_path, env={"PYTHONUTF8": "1"})
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("form", ["text", "md"])
def test_every_variant_is_listed(lang: str, form: str, tmp_path: Path) -> None:
    ended = cli("list", "--variants", "--lang", lang, "--format", form, cwd=tmp_path, env={"PYTHONUTF8": "1"})
    assert (ended.code, ended.err) == (0, "")
    for variant in VARIANTS.values():
        assert variant.id in ended.out
        assert (variant.en if lang == "en" else variant.zh) in ended.out
        assert all(rule in ended.out for rule in variant.warns | variant.skips)


def test_the_list_as_json_is_the_registry(tmp_path: Path) -> None:
    listed = json.loads(cli("list", "--variants", "--format", "json", cwd=tmp_path, env={"PYTHONUTF8": "1"}).out)
    assert listed == [
        {
            "id": variant.id,
            "text": {"en": variant.en, "zh": variant.zh},
            "group": variant.group,
            "warns": sorted(variant.warns),
            "skips": sorted(variant.skips),
        }
        for variant in VARIANTS.values()
    ]
