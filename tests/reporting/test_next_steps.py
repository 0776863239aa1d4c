"""The commands beside a failure send to the same server in the same way."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from conformance.options import OPTIONS
from conformance.options.rerun import rerun_options
from conformance.reporting.next_steps import rerun_command
from conformance.reporting.reproduction.script import script
from conformance.reporting.terminal_remarks import clean_command
from conformance.settings import from_values
from tests.reporting.run_results import CIRCUMSTANCES, record_of
from tests.scenario.transcript_builder import envelope, refused

TOKEN = {"QODER_PAT": "a-token-of-some-length"}
LEFT_OUT = {"base-url", "timeout", "outage", "max-rate"}
SENT = [option for option in OPTIONS if option.part in {"connection", "token", "arrangement"}]


@pytest.mark.parametrize("option", SENT, ids=lambda option: option.name)
def test_an_option_that_changes_what_is_sent_is_kept(option: object) -> None:
    for each in SENT:
        if each is not option:
            continue
        value: object = True if each.kind == "flag" else ["a b", "c"] if each.multiple else "a b"
        words = rerun_options({each.key: value})
        assert (f"--{each.name}" in words) is (each.name not in LEFT_OUT)
        if each.name not in LEFT_OUT and each.multiple:
            assert words == (f"--{each.name}", "a b", f"--{each.name}", "c")


def test_options_that_send_nothing_else_and_absent_ones_are_left_out() -> None:
    values: dict[str, object] = {
        "api_prefix": None,
        "insecure": False,
        "header": (),
        "seed": 3,
        "lang": "zh",
        "arrange": "api",
        "query": [],
    }
    assert rerun_options(values) == ()


def test_a_password_in_the_address_of_a_proxy_is_masked() -> None:
    assert rerun_options({"proxy": "http://me:secret@proxy:8080"}) == ("--proxy", "http://***@proxy:8080")


def test_the_commands_name_the_options_of_the_run() -> None:
    values = {"base_url": "http://127.0.0.1:4010", "api_prefix": "/v9/x", "header": ["X-Team=a b"]}
    target = from_values(values, TOKEN).target()
    about = replace(CIRCUMSTANCES, api_prefix=target.api_prefix, rerun_options=target.rerun_options)
    for command in (rerun_command("ack.auth.missing", about), clean_command(about)):
        assert shlex.split(command)[-4:] == ["--api-prefix", "/v9/x", "--header", "X-Team=a b"]


def test_a_run_of_an_earlier_version_still_names_its_prefix() -> None:
    about = replace(CIRCUMSTANCES, api_prefix="/v9", rerun_options=())
    assert rerun_command("ack.auth.missing", about).endswith(" --api-prefix /v9")


def test_the_script_keeps_the_prefix_and_the_options_of_curl() -> None:
    dialog = refused("identity.other-worker.queued").said("ack", 400, envelope("invalid_request_error"))
    verdict = dialog.verdict("ack.identity.mismatch-queued")
    options = ("--ca-bundle", "ca.pem", "--client-cert", "me.pem", "--proxy", "http://p:1", "--http2")
    about = replace(record_of(verdict).metadata, api_prefix="/v9/x", rerun_options=options)
    text = script(dialog.transcript(), [verdict], about, "en")
    assert "API=$BASE_URL/v9/x\n" in text
    assert "CURL_OPTIONS='--http2 --cacert ca.pem --cert me.pem --proxy http://p:1'" in text


def test_what_random_requests_found_is_judged_again_by_random_requests() -> None:
    command = rerun_command("update.explore.history", CIRCUMSTANCES)
    assert "--profile work --explore 20" in command
    assert "--explore" not in rerun_command("update.race.different-keys", CIRCUMSTANCES)
