"""Scripts of transcripts made by hand: valid for every shell, harmless whatever the target sent, and complete."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.chapters.registry import scenarios
from conformance.exchange import Body, Ending, Exchange, Request, Response, Transcript
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.plugin.run_folder import claim_folder
from conformance.reporting.reproduction.script import script, script_name
from conformance.reporting.write import write_reports
from tests.documents import BOOK, WRITTEN, blocks
from tests.reporting.reproduction.shells import PAT, SHELLS, command, run, shell_of
from tests.reporting.reproduction.test_raw_json import LIBRARY
from tests.reporting.run_results import CIRCUMSTANCES, HOSTILE, failure, record_of
from tests.scenario.transcript_builder import shown

BASE = CIRCUMSTANCES.base_url + CIRCUMSTANCES.api_prefix
AUTH = ("Authorization", "Bearer ${QODER_PAT}")
WORKER = "conformance-0a1b2c3d4e5f"
ATTACKS = [
    *HOSTILE,
    "'; touch pwned; '",
    "$(touch pwned)",
    "`touch pwned`",
    '"; touch pwned #',
    "\ntouch pwned\n",
    "\\",
]

REFUSING_CURL = "#!/bin/sh\nexit 7\n"
"""A curl that reaches nothing."""


def exchange(
    step: str, operation: str, method: str, path: str, status: int = 200, body: Any = None, **more: Any
) -> Exchange:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = more.pop("headers", (AUTH, ("Worker-ID", WORKER)))
    return Exchange(
        step=step,
        operation=operation,
        request=Request(method=method, url=BASE + path, headers=headers, body=more.pop("sent", None)),
        outcome="ok",
        invoked=0.0,
        completed=0.1,
        response=Response(status=status, headers=(), body=Body(text=text, size=len(text))),
    )


def transcript(
    *, session: str = "sess_1", work: str = "work_1234567890ab", extra: tuple[Exchange, ...] = (), **facts: Any
) -> Transcript:
    """A first ack that the target answered wrongly."""
    environment = "env_1234567890ab"
    create = {"agent": "agent_1", "environment_id": environment, "title": "it's", "metadata": {"run": "x"}}
    item = shown("queued", id=work, environment_id=environment)
    place = f"/environments/{environment}/work"
    return Transcript(
        scenario="first-ack.named-worker",
        run=CIRCUMSTANCES.run_id,
        seed=1,
        attempt=1,
        facts={"arranged_by": "api", "seen_by": "arrange.poll.1", **facts},
        exchanges=(
            exchange(
                "arrange.session", "create_session", "POST", "/sessions", 201, {"id": session}, sent=json.dumps(create)
            ),
            exchange("arrange.message", "send_message", "POST", f"/sessions/{session}/events", 202, {}, sent="{}"),
            exchange("arrange.poll.1", "poll", "GET", f"{place}/poll?block_ms=999", 200, item),
            exchange("ack", "ack", "POST", f"{place}/{work}/ack", 500, shown("active")),
            *extra,
        ),
        ending=Ending(kind="complete"),
    )


def verdicts(*failures: Any) -> list[Verdict]:
    return [
        Verdict(
            line=PlannedCheck("first-ack.named-worker", "ack.first.starting"),
            kind="failed",
            failures=failures or (failure("ack"),),
        )
    ]


def checked(text: str, folder: Path) -> Path:
    """Write a script, which every shell must be able to read."""
    path = folder / "script.sh"
    path.write_text(text, "utf-8")
    for shell in SHELLS:
        done = subprocess.run([*command(shell), "-n", str(path)], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    return path


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_ids_and_workers_are_variables(lang: Any, tmp_path: Path) -> None:
    text = script(transcript(), verdicts(), CIRCUMSTANCES, lang)
    checked(text, tmp_path)
    sent = text[text.index("attempt() {") :]
    for recorded in ("sess_1", "work_1234567890ab", "env_1234567890ab", "agent_1", WORKER):
        assert recorded not in sent
    assert 'request 4 ack 500 POST "$API"/environments/"$ENVIRONMENT_ID"/work/"$WORK_ID"/ack -' in sent
    assert 'WORKER_ID=conformance-0a1"$digits_1"f' in sent
    assert "need QODER_PAT" in sent


def test_ids_made_from_an_id_follow_it(tmp_path: Path) -> None:
    place = "/environments/env_1234567890ab/work"
    extra = tuple(
        exchange(name, "ack", "POST", f"{place}/{segment}/ack", 404, {})
        for name, segment in (
            ("a", "wrong_1234567890ab"),
            ("b", "work_1234"),
            ("c", "work_12345678zz99"),
            ("d", "x%2Fy"),
        )
    )
    text = script(transcript(extra=extra), verdicts(failure("d")), CIRCUMSTANCES, "en")
    checked(text, tmp_path)
    assert '/work/wrong_"${WORK_ID#*_}"/ack' in text
    assert '/work/"$(printf %.9s "$WORK_ID")"/ack' in text
    assert '/work/"$(printf %.13s "$WORK_ID")"zz99/ack' in text
    assert "/work/x%2Fy/ack" in text


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: ascii(text[:20]))
def test_nothing_that_a_target_sent_is_executed(shell: str, text: str, tmp_path: Path) -> None:
    stub = tmp_path / "bin"
    stub.mkdir()
    (stub / "curl").write_text(REFUSING_CURL, "utf-8")
    (stub / "curl").chmod(0o755)
    broken = failure("ack", actual=text, pointer="/state", answer=text, exhibit=text)
    said = transcript(
        session=text, work=text or "work_1", extra=(exchange(text, "ack", "POST", f"/{text}", 200, text),)
    )
    path = checked(script(said, verdicts(broken, failure(text, actual=text)), CIRCUMSTANCES, "en"), tmp_path)
    done = run(shell, path, QODER_PAT=PAT, PATH=f"{stub}:{os.environ['PATH']}")
    assert done.returncode == 2
    assert PAT.encode() not in done.stdout + done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bin", "script.sh"]


@pytest.mark.parametrize("shell", SHELLS)
def test_without_a_token_the_script_says_so_at_once(shell: str, tmp_path: Path) -> None:
    path = checked(script(transcript(), verdicts(), CIRCUMSTANCES, "en"), tmp_path)
    done = run(shell, path)
    assert (done.returncode, done.stdout) == (2, b"Set these variables first: QODER_PAT\n")


def test_prepared_items_come_from_the_reader(tmp_path: Path) -> None:
    environment, work = "env_1234567890ab", "work_1234567890ab"
    said = transcript(arranged_by="manifest", environment_id=environment, work_id=work, worker="it's mine", way=["ack"])
    said = replace(said, exchanges=said.exchanges[3:])
    text = script(said, verdicts(), CIRCUMSTANCES, "en")
    path = checked(text, tmp_path)
    assert run(SHELLS[0], path).stdout == b"Set these variables first: QODER_PAT ENVIRONMENT_ID WORK_ID\n"
    assert "a fresh item in the state `starting`" in text
    assert not re.search(r"^create ", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("mine-2", 'WORKER_ID_2="$WORKER_ID"-2'),
        ("min", "WORKER_ID_2=\"${WORKER_ID%?}\"''"),
        ("mind", 'WORKER_ID_2="${WORKER_ID%?}"d'),
        ("other", "WORKER_ID_2=other"),
    ],
)
def test_a_near_miss_of_a_prepared_worker_follows_the_readers_variable(value: str, word: str, tmp_path: Path) -> None:
    said = transcript(arranged_by="command", environment_id="env_1", work_id="work_1", worker="mine", way=[])
    ack = exchange(
        "ack", "ack", "POST", "/environments/env_1/work/work_1/ack", 500, {}, headers=(AUTH, ("Worker-ID", value))
    )
    text = script(replace(said, exchanges=(ack,)), verdicts(), CIRCUMSTANCES, "en")
    checked(text, tmp_path)
    assert f"\n    {word}\n" in text


def test_a_scenario_with_hundreds_of_failures_has_one_script_that_names_the_rest(tmp_path: Path) -> None:
    many = [replace(failure("ack", pointer=f"/{number}"), actual=failure().actual) for number in range(300)]
    text = script(transcript(), verdicts(*many), CIRCUMSTANCES, "en")
    checked(text, tmp_path)
    assert text.count("\n    check ") == 12
    assert "288 more failures" in text


def test_reports_have_a_script_for_each_failing_scenario_and_an_old_one_goes(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    record = record_of(*verdicts())
    write_reports(record, folder, {"first-ack.named-worker": transcript()}, lang="zh")
    assert [each.name for each in (folder / "reproductions").iterdir()] == ["first-ack.named-worker.sh"]
    assert "复现场景" in (folder / "reproductions" / "first-ack.named-worker.sh").read_text("utf-8")
    (folder / "run.json").write_text('{"format": "work-conformance-run/1"}', "utf-8")
    claim_folder(folder, "20260101T000000-abcdef").release()
    assert not (folder / "reproductions").exists()


def test_a_passing_run_has_no_scripts(tmp_path: Path) -> None:
    passed = replace(verdicts()[0], kind="passed", failures=())
    write_reports(record_of(passed), tmp_path, {"first-ack.named-worker": transcript()})
    assert not (tmp_path / "reproductions").exists()


@pytest.mark.parametrize("lang", WRITTEN)
def test_the_documents_name_scripts_of_scenarios(lang: Any) -> None:
    named = re.findall(
        r"out/(\S+\.sh)", "\n".join(line for block in blocks(BOOK[lang], "sh reproduce") for line in block.lines)
    )
    assert named
    assert set(named) <= {script_name(scenario) for scenario in scenarios()}


def test_a_run_on_the_built_in_server_says_how_to_start_one() -> None:
    about: RunMetadata = replace(CIRCUMSTANCES, embedded=True)
    assert "work-conformance serve" in script(transcript(), verdicts(), about, "en")


@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_target_sends_is_shown_without_tokens_and_control_characters(shell: str, tmp_path: Path) -> None:
    sent = f"HTTP/1.1 500 No\\r\\n\\r\\n::error::x {PAT}{PAT}\\033[2J\\302\\2332J\\n::stop\\001"
    lines = f"SECRETS=QODER_PAT\nexport SECRETS\n{LIBRARY}\nprintf '{sent}' | tr -d '\\r' | show\n"
    shown = shell_of(shell, lines, tmp_path / "d", QODER_PAT=PAT)
    assert shown.splitlines() == [
        "  | HTTP/1.1 500 No",
        "  | ",
        "  | ::error::x ${QODER_PAT}${QODER_PAT}[2J2J",
        "  | ::stop",
    ]
