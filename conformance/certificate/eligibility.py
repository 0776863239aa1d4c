"""The conditions on a run that a certificate rests on. Checked when a certificate is made, and when it is verified."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Final

from conformance.certificate.consistency import contradictions, on_emulator
from conformance.certificate.reference_worker import is_reference_worker
from conformance.certificate.releases import invented
from conformance.certificate.statement import Attestor, Certificate, JudgedWorker, Kind, Run, Subject, is_shown
from conformance.certificate.suite_digest import Suite
from conformance.evidence import PLAN, TRANSCRIPTS, Evidence
from conformance.exchange import SCRIPT
from conformance.judging.aggregate import RequirementResult
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import WORDS, PlannedCheck, VerdictKind
from conformance.text import Text, join

_NAMED: Final = 8

_EMULATOR: Final = Text(
    "The run's target is the suite's own emulator, which is not a product. Make a demonstration (certify --demo).",
    "该运行的目标是本套件自带的模拟器，并非产品。请制作演示证书（certify --demo）。",
)
_REFERENCE: Final = Text(
    "The run judged the suite's own reference worker, which is not a product, or a worker with its User-Agent. Make a"
    " demonstration (certify --demo); a worker that you made from it needs a User-Agent of its own.",
    "该运行评测的是本套件自带的参考 worker（并非产品），或使用了其 User-Agent 的 worker。请制作演示证书（certify --demo）；"
    "由参考 worker 改写的 worker 须使用自己的 User-Agent。",
)
_NO_REFERENCE: Final = Text(
    "A demonstration needs a run on the suite's own reference worker; the run judged another worker.",
    "演示证书需要评测本套件自带的参考 worker；而该运行评测的是其他 worker。",
)
_NO_EMULATOR: Final = Text(
    "A demonstration needs a run on the suite's own emulator; the run's target is another server.",
    "演示证书需要在本套件自带的模拟器上运行；而该运行的目标是其他服务器。",
)


def build_certificate(
    subject: Subject,
    evidence: Evidence,
    index: bytes,
    record: RunResult,
    suite: Suite,
    *,
    kind: Kind = "product",
    attestor: Attestor = "self-attested",
) -> Certificate:
    """Return the certificate of a subject; `index` are the bytes of `evidence.json`, `record` is the judged run."""
    digest = hashlib.sha256(index).hexdigest()
    return Certificate(
        subject=subject,
        evidence=digest,
        run=stated_run(evidence.metadata),
        suite=suite,
        verdicts=verdict_by_requirement(record),
        binding=evidence.binding,
        kind=kind,
        attestor=attestor,
        profile=evidence.metadata.profile,
    )


def stated_run(about: RunMetadata) -> Run:
    """Return what a certificate states of a run."""
    worker = None
    if about.worker is not None:
        worker = JudgedWorker(command=None if about.by_hand else about.worker, real_leases=about.real_leases)
    return Run(
        id=about.run_id,
        started_at=about.started_at,
        base_url=about.base_url,
        embedded=about.embedded,
        arranged_by=about.arranged_by if worker is None else SCRIPT,
        worker=worker,
    )


def verdict_by_requirement(record: RunResult) -> dict[str, VerdictKind]:
    """Return the verdict on each requirement."""
    return {result.requirement.id: result.kind for result in record.tally.results}


def ineligibility_reasons(evidence: Evidence, record: RunResult) -> list[Text]:
    """Return why the installed suite cannot certify a run that it has judged again."""
    found = unmet_run_conditions(evidence) + verdict_problems(record)
    return (
        found
        if evidence.metadata.selection is not None
        else found + missing_scenarios_text(missing_from_evidence(evidence))
    )


def unmet_run_conditions(evidence: Evidence) -> list[Text]:
    """Return why a run cannot be certified, whatever its verdicts are."""
    about = evidence.metadata
    found = []
    if about.worker is not None and not is_shown(about.worker):
        found.append(
            Text(
                "The worker's command is not one printable line; write it into a script.",
                "启动 worker 的命令不是一行可打印文字；请将其写入脚本。",
            )
        )
    if about.interrupted is not None:
        found.append(Text("The run was interrupted: {why}.", "该运行中途被中断：{why}。").format(why=about.interrupted))
    if about.selection is not None:
        found.append(
            Text("The run covered only a selection ({what}).", "该运行只执行了一部分（{what}）。").format(
                what=about.selection
            )
        )
    if about.insecure:
        found.append(
            Text(
                "The run was made with --insecure, so the server's identity is unknown.",
                "该运行使用了 --insecure：无法确认服务器的身份。",
            )
        )
    if about.states:
        names = ", ".join(f"{name}={state}" for name, state in about.states)
        words = Text("The run mapped state names (--map-state {names}).", "该运行映射了状态名（--map-state {names}）。")
        found.append(words.format(names=names))
    if about.parsed_waivers.entries:
        found.append(Text("The run used waivers.", "该运行使用了豁免。"))
    found += invented(about.suite_version, about.catalogue_version)
    return found + contradictions(evidence) + _not_its_own(evidence)


def kind_problems(kind: Kind, evidence: Evidence) -> list[Text]:
    """Return why a certificate of this kind cannot be made of a run: it judged what is the suite's own, or not."""
    worker = evidence.metadata.profile == "worker"
    own = is_reference_worker(evidence.transcripts.values()) if worker else on_emulator(evidence)
    if own:
        return [] if kind == "demonstration" else [_REFERENCE if worker else _EMULATOR]
    return [_NO_REFERENCE if worker else _NO_EMULATOR] if kind == "demonstration" else []


def _not_its_own(evidence: Evidence) -> list[Text]:
    """Return the files that do not belong to the plan: no check was judged on them."""
    wanted = {PLAN, *(f"{TRANSCRIPTS}/{line.scenario}.json" for line in evidence.plan)}
    return [
        Text("{name} belongs to no scenario of the run's plan.", "{name} 不属于该运行计划中的任何场景。").format(
            name=name
        )
        for name in sorted(set(evidence.files) - wanted)
    ]


def missing_from_evidence(evidence: Evidence) -> list[PlannedCheck]:
    """Return the checks of the installed suite that the evidence does not contain."""
    judged = set(evidence.checks)
    return [line for line in full_plan(evidence.metadata.profile) if line not in judged]


def missing_scenarios_text(lines: Collection[PlannedCheck]) -> list[Text]:
    """Return a sentence about missing scenarios, if there are any."""
    names = list(dict.fromkeys(line.scenario for line in lines))
    if not names:
        return []
    return [
        Text(
            "The run does not contain every scenario of the installed suite; missing: {names}.",
            "该运行未包含当前套件的全部场景；缺少：{names}。",
        ).format(names=join_names(names))
    ]


def verdict_problems(record: RunResult) -> list[Text]:
    """Return why the verdicts do not support a certificate: the run's sentence, and each such requirement."""
    if record.decision.word == "conformant":
        return []
    found = [Text("{sentence}.", "{sentence}。").format(sentence=record.decision.sentence)]
    must = [result for result in record.tally.results if result.requirement.level == "MUST"]
    found += [_why(result) for result in must if result.kind not in {"passed", "not-exercised"}]
    return found


def _why(result: RequirementResult) -> Text:
    """Return a requirement that prevents the certificate, with what was found if it failed."""
    failure = next((failure for verdict in result.verdicts for failure in verdict.failures), None)
    if failure is None:
        words = Text("- {id}: {kind}", "- {id}：{kind}").format(id=result.requirement.id, kind=WORDS[result.kind])
        if result.reason is None:
            return words
        return Text("{words} ({reason})", "{words}（{reason}）").format(words=words, reason=result.reason)
    return Text("- {id}: {kind}; actual: {actual}", "- {id}：{kind}；实际：{actual}").format(
        id=result.requirement.id, kind=WORDS[result.kind], actual=failure.actual
    )


def verdict_differences(claimed: Mapping[str, VerdictKind], found: Mapping[str, VerdictKind]) -> list[Text]:
    """Return one sentence per verdict that differs from the claimed one."""
    sentence = Text(
        "{id}: the certificate says {claimed}, the evidence shows {found}.", "{id}：证书为{claimed}，证据为{found}。"
    )
    return [
        sentence.format(id=rule, claimed=_word(claimed.get(rule)), found=_word(found.get(rule)))
        for rule in sorted({*claimed, *found})
        if claimed.get(rule) != found.get(rule)
    ]


def _word(kind: VerdictKind | None) -> Text:
    return Text("nothing", "未提及") if kind is None else WORDS[kind]


def join_names(names: Collection[str]) -> Text:
    """Return the first few names, separated by commas."""
    shown = [Text(name, name) for name in sorted(names)[:_NAMED]]
    if len(names) > _NAMED:
        shown.append(Text("and {n} more", "另有 {n} 个").format(n=len(names) - _NAMED))
    return join(Text(", ", "、"), shown)
