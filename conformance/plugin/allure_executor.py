"""Allure's `executor.json`: which build a report belongs to, from the variables that build servers set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from conformance.plugin.allure_content import SUITE
from conformance.text import Lang

_ADDRESS: Final = re.compile(r"https?://[^\s\"'<>]+")
_NUMBER: Final = re.compile(r"\d{1,15}", re.ASCII)
_OFF: Final = frozenset({"", "0", "false"})

Environ = Mapping[str, str]


def executor(environ: Environ, lang: Lang = "en") -> dict[str, Any] | None:
    """Return the build's name, number and address as far as known; None outside of a build server."""
    about = _build(environ)
    if about is None:
        return None
    name, kind, number, job, address = about
    build: dict[str, Any] = {"name": name, "reportName": SUITE.in_(lang)}
    if kind:
        build["type"] = kind
    if _NUMBER.fullmatch(number):
        build["buildOrder"] = int(number)
    if title := " ".join(part for part in (job, f"#{number}" if number else "") if part):
        build["buildName"] = title
    if _ADDRESS.fullmatch(address):
        build["buildUrl"] = address
    return build


def _build(environ: Environ) -> tuple[str, str, str, str, str] | None:
    """Return the server's name, Allure's type for it, build number, job and address."""

    def of(name: str) -> str:
        return environ.get(name, "").strip()

    def on(name: str) -> bool:
        return of(name).lower() not in _OFF

    if on("GITHUB_ACTIONS"):
        address = f"{of('GITHUB_SERVER_URL')}/{of('GITHUB_REPOSITORY')}/actions/runs/{of('GITHUB_RUN_ID')}"
        return "GitHub Actions", "github", of("GITHUB_RUN_NUMBER"), of("GITHUB_WORKFLOW"), address
    if on("GITLAB_CI"):
        return "GitLab CI", "gitlab", of("CI_PIPELINE_IID"), of("CI_PROJECT_PATH"), of("CI_PIPELINE_URL")
    if on("JENKINS_URL"):
        return "Jenkins", "jenkins", of("BUILD_NUMBER"), of("JOB_NAME"), of("BUILD_URL")
    if on("CI"):
        return "CI", "", of("BUILD_NUMBER"), of("JOB_NAME"), of("BUILD_URL")
    return None
