"""Cheats of a vendor who edits evidence, seals it again and signs it with a right key: each is named.

What no check can find, a forgery of which every part agrees, is listed in docs/certify.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.binding import BINDING_HEADER, Binding
from conformance.certificate import suite_digest
from conformance.certificate.verification import verify
from conformance.evidence import EVIDENCE
from tests.certificate.conftest import SUBJECT, Certified
from tests.certificate.tampering import (
    Cheat,
    Files,
    circumstances,
    other_suite,
    problems,
    sealed,
    signed,
    unbound,
    unmark,
    with_circumstances,
    with_plan,
    with_transcript,
    with_transcripts,
)

SCENARIO = "retry.active"


def transcript(edit: Callable[[Any], object], scenario: str = SCENARIO) -> Cheat:
    return lambda files: with_transcript(files, scenario, edit)


def transcripts(edit: Callable[[Any], object]) -> Cheat:
    return lambda files: with_transcripts(files, edit)


# --- the edits


def other_host(data: Any) -> None:
    for exchange in data["exchanges"]:
        exchange["request"]["url"] = exchange["request"]["url"].replace(
            "http://127.0.0.1", "https://api.vendor.example"
        )


def session_elsewhere(data: Any) -> None:
    other_host_of = {"create_session", "send_message"}
    for exchange in data["exchanges"]:
        if exchange["operation"] in other_host_of:
            host = f"https://{exchange['operation'].replace('_', '-')}.example"
            exchange["request"]["url"] = exchange["request"]["url"].replace("http://127.0.0.1", host)


def longer_body(data: Any) -> None:
    data["exchanges"][-1]["response"]["body"]["text"] += " "


def longer_body_and_size(data: Any) -> None:
    body = data["exchanges"][-1]["response"]["body"]
    body["text"] += " "
    body["size"] += 1


def other_workers(data: Any) -> None:
    for exchange in data["exchanges"]:
        for pair in exchange["request"]["headers"]:
            if pair[0] == "Worker-ID":
                pair[1] = "conformance-0123456789ab"


def title(text: str) -> Callable[[Any], None]:
    def edit(data: Any) -> None:
        for exchange in data["exchanges"]:
            if exchange["operation"] == "create_session":
                body = json.loads(exchange["request"]["body"])
                exchange["request"]["body"] = json.dumps(body | {"title": text.format(run=data["run"])})

    return edit


def item_of(files: Files, scenario: str) -> Any:
    return json.loads(files[f"transcripts/{scenario}.json"])["facts"]["work_id"]


def same_item(files: Files) -> dict[str, bytes]:
    other = item_of(files, "retry.starting")
    return with_transcript(files, SCENARIO, lambda data: data["facts"].update(work_id=other))


def same_session(files: Files) -> dict[str, bytes]:
    def created(data: Any) -> Any:
        return next(each for each in data["exchanges"] if each["operation"] == "create_session")["response"]["body"]

    other = created(json.loads(files["transcripts/retry.starting.json"]))
    return with_transcript(files, SCENARIO, lambda data: created(data).update(other))


def renamed_copy(files: Files) -> dict[str, bytes]:
    """The transcript of one scenario stands for another one."""
    data = json.loads(files["transcripts/retry.starting.json"]) | {"scenario": SCENARIO}
    return sealed({**files, f"transcripts/{SCENARIO}.json": json.dumps(data).encode()})


def other_run(files: Files) -> dict[str, bytes]:
    """Begin and run id say 2030, everywhere."""
    run = "20300101T000000-abcdef"
    files = with_circumstances(files, run_id=run, started_at="2030-01-01T00:00:00Z")
    return with_transcripts(with_plan(files, run=run), lambda data: data.update(run=run))


def other_mark(data: Any) -> None:
    for exchange in data["exchanges"]:
        exchange["request"]["headers"].append([BINDING_HEADER, "0" * 64])


def own_binding(files: Files) -> dict[str, bytes]:
    binding = json.loads(files["plan.json"])["binding"]
    return with_plan(files, binding={**binding, "challenge": "another tender"})


def own_binding_and_marks(files: Files) -> dict[str, bytes]:
    plan = json.loads(files["plan.json"])["binding"]
    before = Binding.from_json(plan).digest
    after = Binding.from_json({**plan, "challenge": "another tender"}).digest
    changed = {
        name: content.replace(before.encode(), after.encode()) if name.startswith("transcripts/") else content
        for name, content in own_binding(files).items()
    }
    return sealed(changed)


def repetitions(**changes: Any) -> Cheat:
    def edit(data: Any) -> None:
        fact = {"wanted": 1, "held": 1, "kept": 1, "requests": 40, "differed": {}, "elsewhere": {}}
        data["facts"]["repetitions"] = data["facts"].get("repetitions", fact) | changes

    return transcript(edit)


def same_key_twice(name: str, key: str) -> Cheat:
    def edit(files: Files) -> dict[str, bytes]:
        content = files[name].replace(f'"{key}"'.encode(), f'"{key}": 0, "{key}"'.encode(), 1)
        return sealed({**files, name: content}) if name != EVIDENCE else {**files, name: content}

    return edit


CHEATS: dict[str, tuple[Cheat, str]] = {
    # time
    "a later begin": (circumstances(started_at="2030-01-01T00:00:00Z"), "but its id"),
    "a later begin, by the dates": (circumstances(started_at="2030-01-01T00:00:00Z"), "are dated"),
    "an earlier begin": (circumstances(started_at="2020-01-01T00:00:00Z"), "are dated"),
    "a later begin and run id, by the dates": (other_run, "are dated"),
    "a later begin and run id, by the names": (other_run, "created a session of another run"),
    "a begin that is no time": (circumstances(started_at="2026-02-28"), "is not a valid time"),
    "a shorter run": (circumstances(duration=0.5), "outside the stated duration"),
    "a run without an end": (circumstances(duration=1e30), "is not a valid duration"),
    # target
    "another target": (circumstances(base_url="https://api.vendor.example"), "The stated target is https://api.vendor"),
    "another prefix": (circumstances(api_prefix="/v2"), "but some requests have another address"),
    "another host in one transcript": (transcript(other_host), "such as https://api.vendor.example"),
    "set-up at two addresses": (transcript(session_elsewhere), "but some requests have another address"),
    # suite
    "a run by a suite that never was": (circumstances(suite_version="0.0.9"), "Version 0.0.9 of work-conformance"),
    "a run by a set that never was": (circumstances(catalogue_version="0.7"), "The requirement set 0.7 does not exist"),
    "a set newer than the certified one": (
        circumstances(catalogue_version="9.0"),
        "made with the newer requirement set",
    ),
    # bodies
    "a longer body": (transcript(longer_body), "it was changed afterwards"),
    "a longer body and its size": (transcript(longer_body_and_size), "but its headers say"),
    # origin
    "another seed": (circumstances(seed=7), "The seed does not follow from the challenge"),
    "another seed in one transcript": (transcript(lambda data: data.update(seed=7)), f"{SCENARIO} has the seed 7"),
    "workers of another run": (transcript(other_workers), "do not follow from the run's seed"),
    "a session of another run": (
        transcript(title("work-conformance-20260101T000000-abcdef-retry.active-1")),
        f"{SCENARIO} created a session of another run",
    ),
    "a session of another scenario": (
        transcript(title("work-conformance-{run}-retry.starting-1")),
        f"{SCENARIO} created a session of another run or scenario",
    ),
    "a session of nobody": (transcript(title("My session")), "(My session)"),
    "a transcript for two scenarios": (renamed_copy, "one of them is a copy"),
    "a session for two scenarios": (same_session, "have the same session"),
    "an item for two scenarios": (same_item, "have the same work item"),
    # numbers
    "fewer requests": (circumstances(requests=1), "The run states 1 requests, its transcripts"),
    "more requests": (circumstances(requests=10**9), "The run states 1000000000 requests"),
    "more repetitions than requests": (repetitions(wanted=99, held=99), "states 99 repetitions, but"),
    "repetitions of one request": (repetitions(wanted=8, held=8, requests=1), "but 1 requests are too few"),
    "repetitions without a number": (repetitions(requests="many"), "repetitions that is not a number"),
    "another attempt": (transcript(lambda data: data.update(attempt=2)), "do not follow from the run's seed"),
    # readers who disagree
    "a key twice in a transcript": (same_key_twice(f"transcripts/{SCENARIO}.json", "attempt"), "the key attempt twice"),
    "a key twice in the plan": (same_key_twice("plan.json", "binding"), "plan.json has the key binding twice"),
    "a key twice in the index": (same_key_twice(EVIDENCE, "insecure"), "evidence.json has the key insecure twice"),
    # source of items
    "prepared items that were not": (circumstances(arranged_by="manifest"), "source of work items is `manifest`"),
    "one scenario with prepared items": (
        transcript(lambda data: data["facts"].update(arranged_by="command")),
        "shows `command`",
    ),
    "no request that creates work": (
        transcripts(
            lambda data: data.update(
                exchanges=[each for each in data["exchanges"] if each["operation"] != "create_session"]
            )
        ),
        "no request created work",
    ),
    "embedded, with a manifest": (
        circumstances(embedded=True, arranged_by="manifest"),
        "contradicts another statement: prepared work items",
    ),
    "embedded, elsewhere": (circumstances(embedded=True, base_url="https://api.vendor.example"), "embedded emulator"),
    "embedded, as a product": (circumstances(embedded=True), "is the suite's own emulator"),
    # binding
    "another challenge": (own_binding, "The seed does not follow from the challenge and the product"),
    "another challenge, by the marks": (own_binding, "the mark of another binding"),
    "another challenge with its marks": (own_binding_and_marks, "The seed does not follow from the challenge"),
    "no binding": (lambda files: with_plan(files, binding=None), "the mark of another binding, or of none"),
    "another mark": (transcript(other_mark), "the mark of another binding"),
    "no marks": (transcripts(unmark), "the mark of another binding, or of none"),
}


@pytest.mark.parametrize("name", CHEATS)
def test_edited_evidence_is_named(name: str, certified: Certified) -> None:
    cheat, words = CHEATS[name]
    result = verify(signed(certified.bundle, cheat(certified.bundle.files), certified.key))
    assert result.outcome == "does-not-hold"
    assert words in problems(result)
    for text in result.problems:
        assert any("\u4e00" <= char <= "\u9fff" for char in text.zh), text


CLAIMS: dict[str, tuple[Mapping[str, Any], str]] = {
    "another vendor": ({"subject": replace(SUBJECT, vendor="Mallory")}, "bound to another vendor"),
    "another product": ({"subject": replace(SUBJECT, product="Mallory Gateway")}, "bound to another product"),
    "another version": ({"subject": replace(SUBJECT, version="3.0")}, "bound to another version: 2.4, not 3.0"),
    "bound, said to be unbound": ({"binding": None}, "binding differs from"),
    "bound, in the form from before": ({"binding": None, "form": 1}, "no binding, but its run is"),
    "a product, said to be a demonstration": ({"kind": "demonstration"}, "A demonstration needs a run"),
    "a version that never was": (
        {"suite": other_suite(suite_digest.installed_suite(), version="0.0.1")},
        "Version 0.0.1 of work-conformance does not exist",
    ),
    "a requirement set that never was": (
        {"suite": other_suite(suite_digest.installed_suite(), catalogue_version="1.0.5")},
        "The requirement set 1.0.5 does not exist",
    ),
    "a version of other files": (
        {"suite": replace(suite_digest.installed_suite(), version="0.2.0")},
        "but its digests are those of version 0.1.0",
    ),
    "a requirement set of other files": (
        {"suite": replace(suite_digest.installed_suite(), catalogue_version="1.0")},
        "but its digests are those of version 1.2",
    ),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_against_the_evidence_is_named(name: str, certified: Certified) -> None:
    claim, words = CLAIMS[name]
    result = verify(signed(certified.bundle, certified.bundle.files, certified.key, **claim))
    assert result.outcome == "does-not-hold"
    assert words in problems(result)


NAMES: dict[str, tuple[Mapping[str, str], str]] = {
    "the API's owner": ({"vendor": "Qoder Inc."}, "Qoder is the name of the API's owner"),
    "the API's owner, spelt apart": ({"vendor": "Q-0 DER"}, "Qoder is the name of the API's owner"),
    "a claim": ({"product": "Acme Certified Gateway"}, "the word Certified is a claim"),
    "a claim in Chinese": ({"product": "网关（已认证）"}, "is a claim, not a name"),
    "two scripts in a word": ({"vendor": "\u0410cme"}, "mixes letters of several scripts (Cyrillic, Latin)"),
    "a word that only looks Latin": ({"vendor": "\u0410\u0441\u0435"}, "look"),
    "a letter that is not seen": ({"product": "Gate\u3164way"}, "the character U+3164 cannot be seen"),
    "a letter of full width": ({"product": "\uff27ateway"}, "U+FF27 looks like another one; write G"),
    "a letter of a phonetic alphabet": ({"product": "Gatew\u0251y"}, "U+0251 looks like another one"),
    "a claim, spelt apart": ({"product": "Certi-fied Gateway"}, "the word certified is a claim"),
    "a claim of two words": ({"product": "Self Attested Gateway"}, "the word selfattested is a claim"),
    "a badge's word": ({"product": "Gateway (listed)"}, "the word listed is a claim"),
    "Cherokee letters": ({"vendor": "ᎪᏟᎷᎬ"}, "Cherokee letters look like Latin ones"),
    "Lisu letters": ({"vendor": "ꓮꓚꓟꓰ"}, "Lisu letters look like Latin ones"),
    "a version that is none": ({"version": "latest"}, "it names no version"),
    "a version of a sign": ({"version": "-"}, "it names no version"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_misleads_is_refused(name: str, certified: Certified) -> None:
    changes, words = NAMES[name]
    result = verify(
        signed(certified.bundle, unbound(certified.bundle.files), certified.key, subject=replace(SUBJECT, **changes))
    )
    assert result.outcome == "does-not-hold"
    assert words in problems(result)


def test_somebody_elses_run_stays_bound_to_them(certified: Certified) -> None:
    """Mallory's own binding in the plan does not fit the seed and the marks."""
    binding = json.loads(certified.bundle.files["plan.json"])["binding"] | {"vendor": "Mallory"}
    files = with_plan(certified.bundle.files, binding=binding)
    result = verify(signed(certified.bundle, files, certified.key, subject=replace(SUBJECT, vendor="Mallory")))
    assert "The seed does not follow from the challenge and the product" in problems(result)
    assert "carry the mark of another binding" in problems(result)


def test_taken_over_without_any_trace_it_is_unbound(certified: Certified) -> None:
    """No check finds that; the certificate and its badge say that it is unbound."""
    result = verify(
        signed(
            certified.bundle, unbound(certified.bundle.files), certified.key, subject=replace(SUBJECT, vendor="Mallory")
        )
    )
    assert result.outcome == "holds"
    assert result.bundle is not None
    assert result.bundle.certificate.binding is None


def test_an_honest_certificate_has_no_contradiction(certified: Certified) -> None:
    assert verify(signed(certified.bundle, certified.bundle.files, certified.key)).outcome == "holds"
    assert len(CHEATS) + len(CLAIMS) + len(NAMES) >= 40
    assert EVIDENCE in certified.bundle.files
