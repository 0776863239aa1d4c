"""`doctor`: each thing that may stand in the way is found, named with its fix, and nothing is changed by looking."""

from __future__ import annotations

import email.utils
import json
import re
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.doctor.check_result import NAMES, CheckResult
from conformance.doctor.diagnose import run_checks
from conformance.emulator import Tokens, create_app
from conformance.target import Connection, Credentials, Limits, Secret, Target
from tests.arrange.served_emulator import PROGRAM
from tests.hostile.attack import everything
from tests.hostile.misbehaving_servers import Misbehaviour, Visit, raw, sized, wire
from tests.hostile.payloads import NASTY
from tests.hostile.test_tls import ANOTHERS, OURS, with_certificate

from .apps import Recorded, left_on, served
from .processes import cli, tokens_environment

CJK = re.compile(r"[\u4e00-\u9fff]")


def credentials_of(tokens: Tokens) -> Credentials:
    return Credentials(
        pat=Secret(tokens.owner, "${QODER_PAT}"),
        forbidden=Secret(tokens.forbidden, "${QODER_FORBIDDEN_PAT}"),
        foreign=Secret(tokens.foreign, "${QODER_FOREIGN_PAT}"),
        expired=Secret(tokens.expired, "${QODER_EXPIRED_PAT}"),
    )


def examined(
    base_url: str,
    credentials: Credentials,
    *,
    prefix: str = "/api/v1/cloud",
    connection: Connection | None = None,
    write: bool = False,
) -> dict[str, CheckResult]:
    """The points by their ids, each told once, in both languages, and with a fix where something is in the way."""
    target = Target(base_url=base_url, api_prefix=prefix, connection=connection or Connection())
    points = run_checks(target, credentials, Limits(timeout=3.0), write=write)
    assert len({point.id for point in points}) == len(points)
    for point in points:
        assert point.id in NAMES
        assert point.text.en
        assert point.fix is not None or point.state != "bad"
        assert point.fix is None or CJK.search(point.fix.zh)
    return {point.id: point for point in points}


def bad(points: dict[str, CheckResult]) -> list[str]:
    return [name for name, point in points.items() if point.state == "bad"]


def fix(point: CheckResult) -> str:
    assert point.fix is not None
    return point.fix.en


def test_a_healthy_target_has_nothing_in_the_way_and_is_only_read(tokens: Tokens) -> None:
    recorded = Recorded(create_app(tokens=tokens))
    with served(tokens, lambda _: recorded) as base_url:
        points = examined(base_url, credentials_of(tokens))
    assert bad(points) == []
    for name in ("url", "tcp", "http", "prefix", "token", "optional-tokens", "rights", "clock"):
        assert points[name].state == "good", name
    assert {points[name].state for name in ("tls", "rate-limit", "kinds", "work")} == {"unknown"}
    assert recorded.answers
    assert recorded.writes == 0


def test_with_write_it_makes_what_a_run_makes_and_removes_it(tokens: Tokens) -> None:
    with served(tokens) as base_url:
        points = examined(base_url, credentials_of(tokens), write=True)
        assert left_on(base_url, tokens) == []
    assert bad(points) == []
    assert (points["work"].state, points["clean-up"].state) == ("good", "good")


def test_a_token_that_may_not_create_is_told_with_write_alone(tokens: Tokens) -> None:
    weak = Credentials(pat=Secret(tokens.forbidden, "${QODER_PAT}"))
    with served(tokens) as base_url:
        assert bad(examined(base_url, weak)) == []
        points = examined(base_url, weak, write=True)
    assert bad(points) == ["work"]
    assert points["clean-up"].state == "good"


def test_a_wrong_token(tokens: Tokens) -> None:
    with served(tokens) as base_url:
        points = examined(base_url, Credentials(pat=Secret("pt-of-somebody-else-entirely", "${QODER_PAT}")), write=True)
    assert bad(points) == ["token"]
    assert "QODER_PAT" in fix(points["token"])
    assert points["rights"].text.en == "not checked"
    assert "work" not in points, "nothing is made where something is in the way"


def test_an_expired_token_that_is_not(tokens: Tokens) -> None:
    owner = Secret(tokens.owner, "${QODER_PAT}")
    with served(tokens) as base_url:
        points = examined(base_url, Credentials(pat=owner, expired=owner, foreign=Secret("pt-unknown-to-all", "x")))
    assert bad(points) == ["optional-tokens"]
    assert points["optional-tokens"].text.en.endswith("QODER_FOREIGN_PAT, QODER_EXPIRED_PAT")


def test_a_port_on_which_nobody_listens(tokens: Tokens) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    points = examined(f"http://127.0.0.1:{port}", credentials_of(tokens))
    assert bad(points) == ["tcp"]
    assert f"127.0.0.1:{port}" in points["tcp"].text.en
    assert points["token"].text.en == "not checked"


def test_a_name_that_nobody_has(tokens: Tokens) -> None:
    points = examined("https://no-such-host.invalid", credentials_of(tokens))
    assert bad(points) == ["dns"]
    assert "tcp" in points


def test_a_wrong_prefix_is_answered_with_the_right_one(tokens: Tokens) -> None:
    with served(tokens) as base_url:
        points = examined(base_url, credentials_of(tokens), prefix="/api/v2")
    assert bad(points) == ["prefix"]
    assert fix(points["prefix"]) == "did you mean --api-prefix /api/v1/cloud?"


NOT_THERE = sized(b"<html>Nothing here</html>", status=b"404 Not Found")
BROKEN = sized(b"oops", status=b"500 Oops")
BUSY = sized(b"{}", status=b"429 Slow down", headers=b"Retry-After: 7\r\n")
PERHAPS = (NOT_THERE, BROKEN, BUSY)
"""Answers to the list of environments with which a run may still work."""


@pytest.mark.parametrize(
    ("answer", "point", "words"),
    [
        (sized(b"<html>Welcome</html>", headers=b"Content-Type: text/html\r\n"), "prefix", "--base-url"),
        (NOT_THERE, "prefix", "--api-prefix"),
        (sized(b"", status=b"301 Moved", headers=b"Location: https://elsewhere.example/\r\n"), "http", "final address"),
        (BROKEN, "http", "log"),
        (sized(b"oops", status=b"502 Oops"), "http", "log"),
        (sized(b"{}", status=b"403 Forbidden"), "rights", "list and create"),
        (BUSY, "rate-limit", "--max-rate"),
        (raw(b"SSH-2.0-OpenSSH\r\n"), "http", "serves HTTP"),
    ],
    ids=["page", "404", "redirect", "500", "502", "403", "429", "no HTTP"],
)
def test_an_answer_that_is_none_of_the_apis(answer: Misbehaviour, point: str, words: str, tokens: Tokens) -> None:
    with wire(tokens, on=everything, misbehave=answer) as base_url:
        points = examined(base_url, credentials_of(tokens))
    certain = answer not in PERHAPS
    assert bad(points) == ([point] if certain else [])
    assert certain or points[point].state == "unknown"
    assert words in fix(points[point])
    assert points["token"].state == ("good" if point == "rights" else "unknown")


def test_what_the_rate_limit_says_is_shown_and_not_waited_for(tokens: Tokens) -> None:
    visits: list[Visit] = []
    busy = sized(b"{}", status=b"429 Slow down", headers=b"Retry-After: 7\r\nX-RateLimit-Limit: 100\r\n")

    async def answer(visit: Visit) -> None:
        visits.append(visit)
        await busy(visit)

    with wire(tokens, on=everything, misbehave=answer) as base_url:
        text = examined(base_url, credentials_of(tokens))["rate-limit"].text.en
    assert len(visits) == 1
    assert "retry-after: 7" in text
    assert "x-ratelimit-limit: 100" in text


def dated(seconds: float) -> Misbehaviour:
    """The emulator's own answers with another time in them."""

    async def answer(visit: Visit) -> None:
        head, _, body = (await visit.honest()).partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
        date = email.utils.formatdate(time.time() + seconds, usegmt=True).encode()
        await visit.send(b"\r\n".join([*lines, b"Date: " + date, b"Connection: close", b"", body]))

    return answer


@pytest.mark.parametrize(("seconds", "words"), [(600, "600 s ahead"), (-600, "600 s behind"), (20, "")])
def test_a_clock_that_is_off(seconds: float, words: str, tokens: Tokens) -> None:
    with wire(tokens, on=everything, misbehave=dated(seconds)) as base_url:
        points = examined(base_url, credentials_of(tokens))
    assert bad(points) == []
    if words:
        assert points["clock"].state == "unknown"
        assert "NTP" in fix(points["clock"])
        number, unit, way = words.split()
        clock = re.search(rf"(\d+) {unit} {way}", points["clock"].text.en)
        assert clock is not None
        assert abs(int(clock[1]) - int(number)) <= 5


def no_harm(
    visit_at: Callable[[str, str], bool], tokens: Tokens, connection: Connection, path: Path
) -> dict[str, CheckResult]:
    with wire(tokens, on=visit_at, misbehave=raw(), tls=with_certificate(path)) as base_url:
        return examined(base_url, credentials_of(tokens), connection=connection)


def nothing(method: str, path: str) -> bool:
    return False


def test_a_certificate_that_nobody_signed(tokens: Tokens) -> None:
    points = no_harm(nothing, tokens, Connection(), OURS)
    assert bad(points) == ["tls"]
    assert "--ca-bundle" in fix(points["tls"])
    assert points["token"].text.en == "not checked", "nothing was sent"


def test_a_certificate_of_another_host(tokens: Tokens) -> None:
    points = no_harm(nothing, tokens, Connection(ca_bundle=str(ANOTHERS)), ANOTHERS)
    assert bad(points) == ["tls"]
    assert "another host" in fix(points["tls"])


def test_the_right_certificate_tells_its_end(tokens: Tokens) -> None:
    points = no_harm(nothing, tokens, Connection(ca_bundle=str(OURS)), OURS)
    assert bad(points) == []
    assert points["tls"].state == "good"
    assert re.search(r"TLSv1\.\d; the certificate is valid until \d{4}-\d\d-\d\d$", points["tls"].text.en)


def test_an_unverified_certificate_is_not_called_good(tokens: Tokens) -> None:
    points = no_harm(nothing, tokens, Connection(insecure=True), OURS)
    assert bad(points) == []
    assert points["tls"].state == "unknown"


def test_a_port_without_tls(tokens: Tokens) -> None:
    with served(tokens) as base_url:
        points = examined(base_url.replace("http:", "https:"), credentials_of(tokens))
    assert bad(points) == ["tls"]


def test_a_proxys_password_is_not_shown(tokens: Tokens) -> None:
    connection = Connection(proxy="http://user:opensesame@127.0.0.1:1")
    points = examined("http://127.0.0.1:9", credentials_of(tokens), connection=connection)
    assert bad(points) == ["tcp"]
    assert points["proxy"].text.en.endswith(" 127.0.0.1:1")
    assert "opensesame" not in str(points)


# --- it never says that something is in the way of a run that works


def listing(method: str, path: str) -> bool:
    return method == "GET" and path.partition("?")[0].endswith(("/environments", "/agents", "/sessions"))


def listing_of_sessions(method: str, path: str) -> bool:
    return method == "GET" and path.partition("?")[0].endswith("/sessions")


def once(answer: Misbehaviour) -> Misbehaviour:
    """That answer the first time, then what the emulator says; each ends its connection, and says so."""
    visits: list[Visit] = []

    async def misbehave(visit: Visit) -> None:
        visits.append(visit)
        if len(visits) == 1:
            await answer(visit)
        else:
            await visit.send((await visit.honest()).replace(b"\r\n", b"\r\nConnection: close\r\n", 1))

    return misbehave


WORKS: dict[str, tuple[Callable[[str, str], bool], Callable[[], Misbehaviour]]] = {
    "a clock that is off": (everything, lambda: dated(-600)),
    "a list that does not exist": (listing, lambda: NOT_THERE),
    "a list that breaks": (listing, lambda: BROKEN),
    "a list of another shape": (listing, lambda: sized(b'{"environments": []}')),
    "sessions that may not be listed": (listing_of_sessions, lambda: sized(b"{}", status=b"403 Forbidden")),
    "busy at first": (
        listing,
        lambda: once(sized(b"{}", status=b"503 Busy", headers=b"Retry-After: 0\r\nConnection: close\r\n")),
    ),
}


@pytest.mark.parametrize("what", WORKS)
def test_nothing_is_in_the_way_of_a_run_that_works(what: str, tokens: Tokens, tmp_path: Path) -> None:
    where, misbehave = WORKS[what]
    env = tokens_environment(tokens)
    with wire(tokens, on=where, misbehave=misbehave()) as base_url:
        doctor = cli("doctor", "--base-url", base_url, cwd=tmp_path, env=env)
    with wire(tokens, on=where, misbehave=misbehave()) as base_url:
        run = cli("run", "--base-url", base_url, "--requirement", "ack.auth.missing", cwd=tmp_path, env=env)
    assert run.code == 0, run.out + run.err
    assert doctor.code == 0, doctor.out


def given(tokens: Tokens, base_url: str, folder: Path) -> tuple[str, ...]:
    env = tokens_environment(tokens)
    made = cli("manifest", "make", "--spare", "0", "--base-url", base_url, "--out", "m.json", cwd=folder, env=env)
    assert made.code == 0, made.err
    return ("--arrange", "manifest", "--manifest", "m.json")


def test_with_given_items_it_looks_at_those_and_at_nothing_else(tokens: Tokens, tmp_path: Path) -> None:
    recorded = Recorded(create_app(tokens=tokens))
    with served(tokens, lambda _: recorded) as base_url:
        options = given(tokens, base_url, tmp_path)
        recorded.answers.clear()
        well = cli("doctor", "--base-url", base_url, *options, cwd=tmp_path, env=tokens_environment(tokens))
        assert [(method, status) for method, _, status in recorded.answers] == [("GET", 200)]
        env = tokens_environment(tokens) | {"QODER_PAT": "pt-of-somebody-else-entirely"}
        ill = cli("doctor", "--base-url", base_url, *options, cwd=tmp_path, env=env)
    assert (well.code, ill.code) == (0, 2), well.out + ill.out
    assert "the target returns a prepared item" in well.out
    assert "Unauthorized" in ill.out or "refuses the token in QODER_PAT (HTTP 401" in ill.out


@pytest.mark.parametrize("write", [False, True])
def test_a_program_is_started_with_write_alone_and_all_is_given_back(
    write: bool, tokens: Tokens, tmp_path: Path
) -> None:
    with served(tokens) as base_url:
        command = f"{sys.executable} {PROGRAM}"
        options = ("--arrange", "command", "--arrange-command", command, *(["--write"] if write else []))
        env = tokens_environment(tokens) | {"WORK_CONFORMANCE_BASE_URL": base_url}
        done = cli("doctor", *options, cwd=tmp_path, env=env)
        left = {line.split()[0] for line in left_on(base_url, tokens)}
    assert done.code == 0, done.out
    assert ("all items were released" in done.out) is write
    assert left == ({"agents", "sessions"} if write else set())


# --- the command


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_says_it_in_lines(lang: str, tokens: Tokens, tmp_path: Path) -> None:
    with served(tokens) as base_url:
        env = {**tokens_environment(tokens), "PYTHONUTF8": "1"}
        well = cli("doctor", "--base-url", base_url, "--lang", lang, cwd=tmp_path, env=env)
        ill = cli("doctor", "--base-url", base_url, "--api-prefix=/v3", "--lang", lang, cwd=tmp_path, env=env)
    assert (well.code, ill.code) == (0, 2)
    assert well.err + ill.err == ""
    assert not [line for line in well.out.splitlines() if line.startswith("✗")]
    assert well.last_line == {"en": "No problem stops a run.", "zh": "没有使运行无法进行的问题。"}[lang]
    [wrong] = [number for number, line in enumerate(ill.out.splitlines()) if line.startswith("✗")]
    assert "→" in ill.out.splitlines()[wrong + 1]
    assert ill.last_line == {"en": "Problems that stop a run: 1", "zh": "使运行无法进行的问题：1 项"}[lang]
    assert list(tmp_path.iterdir()) == []


def test_the_command_for_programs(tokens: Tokens, tmp_path: Path) -> None:
    env = {**tokens_environment(tokens), "QODER_PAT": "pt-of-somebody-else-entirely"}
    with served(tokens) as base_url:
        ended = cli("doctor", "--base-url", base_url, "--format", "json", cwd=tmp_path, env=env)
    data = json.loads(ended.out)
    assert (ended.code, data["format"], data["ok"]) == (2, "work-conformance-doctor/1", False)
    assert [point["id"] for point in data["points"] if point["state"] == "bad"] == ["token"]
    for secret in env.values():
        assert secret not in ended.out + ended.err


def test_without_an_address_it_says_so(tmp_path: Path) -> None:
    ended = cli("doctor", cwd=tmp_path, env={"QODER_PAT": "pt-abcdefghijklmnop"})
    assert ended.code == 2
    assert "--base-url" in ended.err


def test_what_the_target_sends_is_text(tokens: Tokens, tmp_path: Path) -> None:
    entry = {"config": {"type": NASTY}}
    headers = b"Content-Type: application/json\r\nX-RateLimit-Limit: \x1b[31m::error::hostile\r\n"
    answer = sized(json.dumps({"data": [entry]}).encode(), headers=headers)
    with wire(tokens, on=everything, misbehave=answer) as base_url:
        ended = cli("doctor", "--base-url", base_url, cwd=tmp_path, env=tokens_environment(tokens))
    assert "\\x1b" in ended.out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", ended.out)
    assert not [line for line in ended.out.splitlines() if line.lstrip().startswith(("::", "##"))]
