"""The statement that holds after every run that began, however it ended.

The plan was written first. Each of its lines has exactly one verdict, or is named as lost. And 0 is the exit code only
where every planned MUST was judged and held, or is one of those that a target need not give occasion for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

WORST_FIRST: Final = ("failed", "suite-error", "inconclusive", "warned", "passed", "observed", "not-exercised")
EXCUSED: Final = {"api": {"optional-input", "may-not-occur"}}
EXCUSED_WITHOUT_POLLS: Final = {"optional-input", "may-not-occur", "needs-poll"}
EXCUSED_IN_SELECTIONS_WITHOUT_POLLS: Final = {"may-not-occur", "needs-poll"}
SEEN: Final = {"failed", "warned", "passed", "observed"}

PlannedCheck = tuple[str, str]


def plan_of(folder: Path) -> list[PlannedCheck]:
    """The lines of `plan.json`."""
    return [(scenario, rule) for scenario, rule in json.loads((folder / "plan.json").read_text("utf-8"))["lines"]]


def check_invariants(folder: Path, code: int) -> None:
    """Hold a run's folder and its exit code to the statement; of pytest's own codes only whether it is 0."""
    report = json.loads((folder / "report.json").read_text("utf-8"))
    requirements = [entry for chapter in report["chapters"] for entry in chapter["requirements"]]
    _check_lines(folder, report, requirements)
    failed = {entry["id"] for entry in requirements if entry["verdict"] == "failed"}
    for entry in requirements:
        _check_requirement(entry, report["result"]["lost_lines"], failed)
    decided = report["result"]["exit_code"]
    assert (code == 0) == (decided == 0), (code, decided)
    if code == 0:
        _check_green(report, requirements)


def _check_lines(folder: Path, report: dict[str, Any], requirements: list[dict[str, Any]]) -> None:
    plan = plan_of(folder)
    assert len(plan) == len(set(plan)), "a line is planned twice"
    told = [(line["scenario"], entry["id"]) for entry in requirements for line in entry["lines"]]
    lost = [(line["scenario"], line["requirement"]) for line in report["result"]["lost_lines"]]
    assert sorted(told + lost) == sorted(plan), "lines and plan differ"
    cases = ElementTree.parse(folder / "junit.xml").getroot().iter("testcase")
    named = [(str(case.get("classname")).rpartition(".")[2].replace("/", "."), case.get("name")) for case in cases]
    assert sorted(named) == sorted(plan)


def _check_requirement(entry: dict[str, Any], lost: list[dict[str, str]], failed: set[str]) -> None:
    """Its verdict is the worst of its lines; a lost one is the suite's trouble.

    Where failures stand in the way of some lines, and of those alone, it is the worst of the others.
    """
    kinds = [line["verdict"] for line in entry["lines"]]
    kinds += ["suite-error" for line in lost if line["requirement"] == entry["id"]]
    if entry["partly"] is None:
        assert entry["verdict"] == min(kinds, key=WORST_FIRST.index), entry["id"]
        return
    seen = [kind for kind in kinds if kind in SEEN]
    assert entry["verdict"] == min(seen, key=WORST_FIRST.index), entry["id"]
    blocked = [line for line in entry["lines"] if line["verdict"] == "inconclusive"]
    assert {line["blocked_by"] for line in blocked} == set(entry["partly"]["behind"]), entry["id"]
    assert (entry["partly"]["judged"], entry["partly"]["of"]) == (len(seen), len(seen) + len(blocked))
    assert failed, "something failed"
    assert "suite-error" not in kinds


def _check_green(report: dict[str, Any], requirements: list[dict[str, Any]]) -> None:
    assert report["result"]["lost_lines"] == []
    whole = report["run"]["selection"] is None
    arranged_by = report["run"]["arranged_by"]
    excused = EXCUSED.get(arranged_by, EXCUSED_WITHOUT_POLLS) if whole else set()
    if not whole and arranged_by != "api":
        excused = EXCUSED_IN_SELECTIONS_WITHOUT_POLLS
    assert report["run"]["interrupted"] is None
    for entry in requirements:
        assert entry["verdict"] not in {"failed", "suite-error"}, entry["id"]
        if entry["level"] != "MUST" or entry["verdict"] == "passed":
            continue
        assert (entry["verdict"], entry["exercised"] in excused) == ("not-exercised", True), entry["id"]
        assert not report["run"]["strict"]
        assert entry["id"] in {left_out["requirement"] for left_out in report["not_exercised"]}
    assert any(entry["verdict"] in {"passed", "warned", "observed"} for entry in requirements)
