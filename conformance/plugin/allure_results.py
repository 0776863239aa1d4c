"""Completes what allure-pytest writes for a run: its listener writes the files, this module supplies the contents.

A result's identity depends on scenario and requirement alone. Its file name depends on these and the run, so a second
write of the same check replaces the first. Target text stays text: lines are escaped, and attachments are text/plain.
Imported only with `--alluredir`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from allure_commons import hookimpl, plugin_manager
from allure_commons.model2 import Attachment, Status, StatusDetails, TestResult, TestStepResult
from allure_commons.types import AttachmentType

from conformance.contract.catalogue import load_catalogue
from conformance.exchange import Exchange, MalformedTranscript, Transcript
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.plugin import allure_content as content
from conformance.plugin.allure_categories import categories
from conformance.plugin.allure_executor import executor
from conformance.plugin.controller_plugin import VERDICT
from conformance.plugin.nodes import RequirementItem
from conformance.plugin.run_folder import TranscriptFolder, write_json
from conformance.reporting.escaping import escape_line, escape_surrogates
from conformance.reporting.next_steps import JudgedServer
from conformance.text import Lang, Text

_GREEN: Final = frozenset({"passed", "observed", "not-exercised"})
_DIGEST: Final = 32
"""Hexadecimal digits of a digest: 128 bits distinguish all texts of a run."""

_ATTEMPT = Text("attempt {n}, abandoned", "第 {n} 次尝试，已放弃")
_EXCHANGE = Text("request and response", "请求与响应")
_ELSEWHERE = Text("requests and responses: see {line}", "请求与响应见 {line}")
_EXPLANATION = Text("explanation", "说明")


def register(config: pytest.Config, transcript_folder: TranscriptFolder, lang: Lang, server: JudgedServer) -> None:
    """Register this plugin with pytest and allure, in the controller or in a worker."""
    plugin = AllureResults(Path(config.getoption("allure_report_dir")).absolute(), transcript_folder, lang, server)
    config.pluginmanager.register(plugin, "conformance-allure")
    plugin_manager.register(plugin)
    config.add_cleanup(lambda: plugin_manager.unregister(plugin))


class AllureResults:
    """A plugin of both pytest and allure."""

    def __init__(self, place: Path, transcript_folder: TranscriptFolder, lang: Lang, server: JudgedServer) -> None:
        self._place = place
        self._run = transcript_folder.run_id
        self._names: Iterator[str] = iter(())
        """The names of the attachments of the result that is being filled."""
        self._transcripts = transcript_folder.transcripts
        self._zero = transcript_folder.zero
        self._lang: Lang = lang
        self._server = server
        self._item: pytest.Item | None = None
        self._last_transcript: tuple[str, Transcript | None] = ("", None)
        self._judged: dict[str, str | None] = {}
        self._written: dict[str, str | None] = {}
        self._shown: dict[str, PlannedCheck] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Remember the item that allure's next result belongs to."""
        self._item = item

    @hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """Complete a result that allure is about to write."""
        if isinstance(self._item, RequirementItem):
            self._fill(result, self._item.line, self._item.verdict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the verdict when an item's last report arrives, from any process."""
        if report.when == "setup":
            self._judged[report.nodeid] = getattr(report, VERDICT, {}).get("kind")
        elif report.when == "teardown":
            line = "::".join(report.nodeid.split("::")[-2:])
            self._written[line] = self._judged.pop(report.nodeid, None)

    @pytest.hookimpl(trylast=True)
    def pytest_conformance_finished(self, record: RunResult) -> None:
        """In the controller: write the files of the whole run, and the checks that a crash or an interruption omitted."""
        self._item = None
        verdicts = {verdict.line: verdict for result in record.tally.results for verdict in result.verdicts}
        for line in record.plan:
            verdict = verdicts.get(line)
            written = self._written.get(f"{line.scenario}::{line.requirement}", "nothing")
            if written != (verdict.kind if verdict is not None else None):
                now = _milliseconds(time.time())
                result = TestResult(start=now, stop=now)
                self._fill(result, line, verdict)
                plugin_manager.hook.report_result(result=result)
        (self._place / "environment.properties").write_text(content.environment(record.metadata), "ascii")
        write_json(self._place / "categories.json", categories(self._lang, verdicts.values()))
        build = executor(os.environ, self._lang)
        if build is not None:
            write_json(self._place / "executor.json", build)

    def _fill(self, result: TestResult, line: PlannedCheck, verdict: Verdict | None) -> None:
        requirement, lang = load_catalogue().requirements[line.requirement], self._lang
        result.uuid = self._id(line.scenario, line.requirement)
        self._names = (f"{content.identity(line)}, attachment {n}" for n in count(1))
        result.file_pattern = f"{result.uuid}-result.json"
        result.fullName = content.identity(line)
        result.testCaseId = hashlib.md5(result.fullName.encode(), usedforsecurity=False).hexdigest()
        result.historyId = result.testCaseId
        result.titlePath = content.suites(requirement, line.scenario, lang)
        result.name = content.title(requirement, lang)
        result.description, result.descriptionHtml = content.description(requirement, lang), None
        result.labels = list(content.labels(requirement, line.scenario, verdict, lang))
        result.links = list(content.links(requirement))
        result.parameters = []
        result.status = content.status(verdict)
        if verdict is not None or result.statusDetails is None:  # keep the details of an exception in the suite
            result.statusDetails = content.details(verdict, lang, self._server)
        transcript = self._transcript(line.scenario)
        if transcript is not None:
            self._show(result, line, transcript, verdict)
        if result.status == Status.PASSED and result.statusDetails is not None:
            result.steps.append(self._remark(result))

    def _show(self, result: TestResult, line: PlannedCheck, transcript: Transcript, verdict: Verdict | None) -> None:
        """Attach the requests to a scenario's first check, and to others with a problem of their own; the rest refer to it."""
        shown = self._shown.setdefault(line.scenario, line)
        if shown == line or verdict is None or not (verdict.kind in _GREEN or verdict.blocked_by is not None):
            self._add_steps(result, transcript, verdict)
            return
        self._time(result, transcript.exchanges)
        name = _ELSEWHERE.format(line=content.identity(shown)).in_(self._lang)
        result.steps = [TestStepResult(name=name, status=Status.PASSED, start=result.start, stop=result.stop)]

    def _add_steps(self, result: TestResult, transcript: Transcript, verdict: Verdict | None) -> None:
        """Add the requests as steps, and set the result's time from them."""
        is_red = verdict is not None and verdict.kind == "failed" and verdict.in_kept_transcript
        failures = {failure.step for failure in verdict.failures} if verdict is not None and is_red else set()
        steps = []
        for number, exchanges in enumerate(transcript.earlier_attempts, 1):
            group = TestStepResult(name=_ATTEMPT.format(n=number).in_(self._lang), status=Status.BROKEN)
            group.steps = [self._step(each, set()) for each in exchanges]
            self._time(group, exchanges)
            steps.append(group)
        steps += [self._step(each, failures) for each in transcript.exchanges]
        result.steps = steps
        self._time(
            result, [each for attempt in (*transcript.earlier_attempts, transcript.exchanges) for each in attempt]
        )

    def _step(self, exchange: Exchange, failures: set[str]) -> TestStepResult:
        words = content.response_status_text(exchange).in_(self._lang)
        step = TestStepResult(name=f"{exchange.step}: {exchange.operation} → {words}", status=Status.PASSED)
        if exchange.step in failures:
            step.status = Status.FAILED
        elif exchange.outcome != "ok":
            step.status = Status.BROKEN
        if exchange.problem:
            step.statusDetails = StatusDetails(message=escape_line(exchange.problem, content.LONGEST_TEXT))
        request, answer = exchange.request, exchange.response
        text = content.http_message_text(f"{request.method} {request.url}", request.headers, request.body)
        if answer is not None:
            text += "\n" + content.http_message_text(f"HTTP {answer.status}", answer.headers, answer.body.text)
        step.attachments = [self._attachment(_EXCHANGE, text)]
        self._time(step, [exchange])
        return step

    def _remark(self, result: TestResult) -> TestStepResult:
        """Return the remark on a passed result as a step: Allure 3 does not show the details of passed results."""
        details = result.statusDetails
        step = TestStepResult(name=details.message, status=Status.PASSED, start=result.stop, stop=result.stop)
        if details.trace:
            step.attachments.append(self._attachment(_EXPLANATION, details.trace))
        return step

    def _attachment(self, name: Text, text: str) -> Attachment:
        """Write a text above its own name, and return its attachment.

        The name keeps texts apart that are otherwise equal: Allure 3 shows a file only where it is referred to first.
        """
        body = escape_surrogates(f"{text}\n\n{next(self._names)}\n")
        digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
        source = f"{digest}-attachment.{AttachmentType.TEXT.extension}"
        plugin_manager.hook.report_attached_data(body=body, file_name=source)
        return Attachment(name=name.in_(self._lang), source=source, type=AttachmentType.TEXT.mime_type)

    def _transcript(self, scenario: str) -> Transcript | None:
        """Return a scenario's transcript; None if the scenario was interrupted, because nothing was written then."""
        if self._last_transcript[0] != scenario:
            try:
                text = (self._transcripts / f"{scenario}.json").read_text("utf-8")
                self._last_transcript = (scenario, Transcript.from_json(json.loads(text)))
            except (OSError, ValueError, MalformedTranscript):
                self._last_transcript = (scenario, None)
        return self._last_transcript[1]

    def _time(self, part: TestResult | TestStepResult, exchanges: Sequence[Exchange]) -> None:
        if exchanges:
            part.start = _milliseconds(self._zero + min(each.invoked for each in exchanges))
            part.stop = _milliseconds(self._zero + max(each.completed for each in exchanges))

    def _id(self, *key: str) -> str:
        """Return an id that is the same each time this part of this run is written."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(("work-conformance", self._run, *key))))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
