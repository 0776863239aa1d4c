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

Line = tuple[str, str]


def plan_of(folder: Path) -> list[Line]:
    """The lines of `plan.json`."""
    return [(scenario, rule) for scenario, rule in json.loads((folder / "plan.json").read_text("utf-8"))["lines"]]


def check_books(folder: Path, code: int) -> None:
    """Hold a run's folder and its exit code to the statement; of pytest's own codes only whether it is 0."""
    report = json.loads((folder / "report.json").read_text("utf-8"))
    requirements = [entry for chapter in report["chapters"] for entry in chapter["requirements"]]
    _check_lines(folder, report, requirements)
    for entry in requirements:
        _check_requirement(entry, report["result"]["lost_lines"])
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
    assert sorted((str(case.get("classname")).split(".", 2)[2], case.get("name")) for case in cases) == sorted(plan)


def _check_requirement(entry: dict[str, Any], lost: list[dict[str, str]]) -> None:
    """Its verdict is the worst of its lines; a lost one is the suite's trouble."""
    kinds = [line["verdict"] for line in entry["lines"]]
    kinds += ["suite-error" for line in lost if line["requirement"] == entry["id"]]
    assert entry["verdict"] == min(kinds, key=WORST_FIRST.index), entry["id"]


def _check_green(report: dict[str, Any], requirements: list[dict[str, Any]]) -> None:
    assert report["result"]["lost_lines"] == []
    whole = report["run"]["selection"] is None
    excused = EXCUSED.get(report["run"]["arranged_by"], EXCUSED_WITHOUT_POLLS) if whole else set()
    for entry in requirements:
        assert entry["verdict"] not in {"failed", "suite-error"}, entry["id"]
        if entry["level"] != "MUST" or entry["verdict"] == "passed":
            continue
        assert (entry["verdict"], entry["exercised"] in excused) == ("not-exercised", True), entry["id"]
        assert not report["run"]["strict"]
        assert entry["id"] in {left_out["requirement"] for left_out in report["not_exercised"]}
    assert any(entry["verdict"] in {"passed", "warned", "observed"} for entry in requirements)
