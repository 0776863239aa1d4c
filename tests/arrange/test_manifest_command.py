"""`manifest make`, `check`, `needs` and `schema`, on the emulator."""

from __future__ import annotations

import json

from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.emulator import EmulatorServer
from tests.cli.apps import Recorded, left_on
from tests.cli.processes import cli

from .served_emulator import ACTIVE_NEEDED, Place, place

__all__ = ["place"]


def test_check_tells_what_is_covered(place: Place) -> None:
    manifest = place.made("--spare", "0")
    done = place.call("manifest", "check", "m.json")
    assert (done.code, done.err) == (0, "")
    assert all(line.startswith("ok: ") for line in done.out.splitlines())
    place.write(**manifest | {"items": manifest["items"][:1], "cloud_environment_id": None})
    done = place.call("manifest", "check", "m.json", "--lang", "zh")
    assert done.code == 3
    assert f"不足：`active`（poll 时带有 Worker-ID）：需要 {ACTIVE_NEEDED} 个，现有 0 个" in done.out
    assert "缺少：cloud_environment_id" in done.out


def test_a_wrong_file_is_refused_by_every_command(place: Place) -> None:
    options = place.write(format="work-conformance-manifest/1", item=[])
    for arguments in (("manifest", "check", "m.json"), ("run", *options)):
        done = place.call(*arguments)
        assert (done.code, done.out) == (2, "")
        assert "item: unknown key; did you mean 'items'?" in done.err
    assert not (place.folder / "reports").exists()


def test_the_schema_is_printed(place: Place) -> None:
    done = place.call("manifest", "schema")
    assert done.code == 0
    assert json.loads(done.out)["$id"] == "urn:work-conformance:manifest:1"


def test_a_manifest_that_cannot_be_made_leaves_nothing(place: Place) -> None:
    env = {"QODER_PAT": place.tokens.forbidden, "WORK_CONFORMANCE_BASE_URL": place.base_url}
    done = cli("manifest", "make", "--out", "m.json", cwd=place.folder, env=env)
    assert (done.code, done.out) == (2, "")
    assert "No manifest could be created at " in done.err
    assert list(place.folder.iterdir()) == []
    assert left_on(place.base_url, place.tokens) == []


def test_only_a_manifest_is_written_over(place: Place) -> None:
    (place.folder / "notes.txt").write_text("mine")
    done = place.call("manifest", "make", "--out", "notes.txt")
    assert done.code == 2
    assert "not a manifest" in done.err
    done = place.call("manifest", "make", "--out", "nowhere/m.json")
    assert done.code == 2
    assert "the folder" in done.err
    assert place.recorded.answers == []
    place.made("--spare", "0")
    place.made("--spare", "0")
    assert left_on(place.base_url, place.tokens)


def test_what_a_run_needs_is_printed_before_there_is_a_manifest(place: Place) -> None:
    needs = place.call("manifest", "needs")
    assert (needs.code, needs.err) == (0, "")
    counted = {line.partition(" × ")[2]: line.partition(" × ")[0] for line in needs.out.splitlines() if " × " in line}
    place.made("--spare", "0")
    checked = place.call("manifest", "check", "m.json").out
    assert counted
    for kind, n in counted.items():
        assert f"ok: {kind}: {n} needed, {n} available" in checked
    assert place.call("manifest", "needs", "--lang", "zh").out.count("`second_environment_id`") == 1


def without_stops(app: Recorded) -> ASGIApp:
    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].endswith("/stop"):
            await app(scope, receive, send)
            return
        body = b'{"type": "error", "error": {"type": "x", "message": "Stopping needs the role operator."}}'
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return gateway


def test_a_manifest_holds_what_could_be_made_and_the_rest_is_listed(place: Place) -> None:
    with EmulatorServer(without_stops(place.recorded)) as server:
        env = {**place.env, "WORK_CONFORMANCE_BASE_URL": server.base_url}
        done = cli("manifest", "make", "--out", "m.json", "--spare", "0", cwd=place.folder, env=env)
    assert done.code == 3, done.out + done.err
    assert "not created: 4 × `stopped` (stopped by force, polled with a Worker-ID)" in done.out
    assert "Stopping needs the role operator" in done.out
    items = json.loads((place.folder / "m.json").read_text())["items"]
    assert {item["state"] for item in items} == {"queued", "starting", "active"}
    checked = place.call("manifest", "check", "m.json")
    assert checked.code == 3
