"""`executor.json`: the build that a report belongs to, from the variables that build servers set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.plugin.allure_executor import executor
from tests.allure.allure_output import run

NAME = "Work API conformance: ack"
GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/gateway",
    "GITHUB_RUN_ID": "987654",
    "GITHUB_RUN_NUMBER": "42",
    "GITHUB_WORKFLOW": "Nightly",
}
GITLAB = {
    "CI": "true",
    "GITLAB_CI": "true",
    "CI_PIPELINE_IID": "7",
    "CI_PROJECT_PATH": "acme/gateway",
    "CI_PIPELINE_URL": "https://gitlab.example/acme/gateway/-/pipelines/1007",
}
JENKINS = {
    "JENKINS_URL": "https://jenkins.example/",
    "BUILD_NUMBER": "12",
    "JOB_NAME": "gateway/main",
    "BUILD_URL": "https://jenkins.example/job/gateway/12/",
}
EXPECTED: dict[str, dict[str, Any]] = {
    "github": {
        "name": "GitHub Actions",
        "type": "github",
        "reportName": NAME,
        "buildOrder": 42,
        "buildName": "Nightly #42",
        "buildUrl": "https://github.com/acme/gateway/actions/runs/987654",
    },
    "gitlab": {
        "name": "GitLab CI",
        "type": "gitlab",
        "reportName": NAME,
        "buildOrder": 7,
        "buildName": "acme/gateway #7",
        "buildUrl": GITLAB["CI_PIPELINE_URL"],
    },
    "jenkins": {
        "name": "Jenkins",
        "type": "jenkins",
        "reportName": NAME,
        "buildOrder": 12,
        "buildName": "gateway/main #12",
        "buildUrl": JENKINS["BUILD_URL"],
    },
    "another": {"name": "CI", "reportName": NAME},
}


@pytest.mark.parametrize(
    ("environ", "kind"),
    [(GITHUB, "github"), (GITLAB, "gitlab"), (JENKINS, "jenkins"), ({**JENKINS, "CI": "1"}, "jenkins")],
)
def test_each_server_names_its_build(environ: dict[str, str], kind: str) -> None:
    assert executor(environ) == EXPECTED[kind]


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"CI": "1", "BUILD_NUMBER": "", "BUILD_URL": "javascript:x()"}])
def test_of_another_server_only_what_is_known_is_said(environ: dict[str, str]) -> None:
    assert executor(environ) == EXPECTED["another"]


def test_another_server_may_tell_its_number_and_address() -> None:
    content = executor({"CI": "true", "BUILD_NUMBER": "3", "BUILD_URL": "https://ci.example/3"})
    assert content == {
        **EXPECTED["another"],
        "buildOrder": 3,
        "buildName": "#3",
        "buildUrl": "https://ci.example/3",
    }


@pytest.mark.parametrize(
    "environ", [{}, {"CI": "false"}, {"CI": ""}, {"GITHUB_ACTIONS": "false"}, {"BUILD_NUMBER": "1"}]
)
def test_elsewhere_there_is_none(environ: dict[str, str]) -> None:
    assert executor(environ) is None


def test_a_number_that_is_none_is_left_out() -> None:
    content = executor({**JENKINS, "BUILD_NUMBER": "twelve"})
    assert content is not None
    assert "buildOrder" not in content
    assert content["buildName"] == "gateway/main #twelve"


def test_a_run_writes_it_beside_the_results(tmp_path: Path) -> None:
    written = run("-k", "retry.starting", cwd=tmp_path, env=GITHUB)
    assert written.ended.code == 0, written.ended.out + written.ended.err
    assert json.loads((written.folder / "executor.json").read_text("utf-8")) == EXPECTED["github"]


def test_the_report_has_its_name_in_the_language_of_the_run() -> None:
    content = executor({"CI": "true"}, "zh")
    assert content is not None
    assert content["reportName"] == "Work API 契约符合性：ack"
