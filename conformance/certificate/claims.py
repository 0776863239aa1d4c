"""Whether what a certificate claims agrees with its evidence: the run, the product, the binding, the suite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from conformance.certificate import eligibility
from conformance.certificate.bundle import Bundle
from conformance.certificate.releases import invented
from conformance.certificate.repeated_keys import repeated_keys
from conformance.certificate.statement import Attestor, Certificate, Subject
from conformance.certificate.suite_digest import Part, Suite
from conformance.contract.catalogue import version_numbers
from conformance.evidence import EVIDENCE, Evidence
from conformance.judging.run_result import RunResult
from conformance.product_names import NAMED_THINGS, WORDS, name_problem
from conformance.text import Text

_DIGEST: Final = Text(
    f"{EVIDENCE} is not the certified file: its digest differs.", f"{EVIDENCE} 不是所认证的文件：摘要不一致。"
)
_FACT: Final = Text(
    "The certificate's description of the run differs from the evidence in `{fact}`: {claimed}, not {found}.",
    "证书对该次运行的描述与证据在 `{fact}` 上不一致：证书为 {claimed}，证据为 {found}。",
)
_NAME: Final = Text("The name of the {thing} is not allowed: {problem}.", "{thing}名称不被接受：{problem}。")
_BINDING: Final = Text(
    "The certificate's binding differs from the binding in the run's plan.", "证书中的绑定不是该运行计划中的绑定。"
)
_OLD_FORM: Final = Text(
    "It has the older format, which has no binding, but its run is bound.",
    "它采用没有绑定的旧格式，而其运行却有绑定。",
)
_OTHER_PRODUCT: Final = Text(
    "The run is bound to another {thing}: {bound}, not {claimed}.", "该运行绑定的{thing}为 {bound}，而不是 {claimed}。"
)
_OTHER_KEY: Final = Text(
    "The run is bound to the key {bound}, but the certificate is signed with {key}.",
    "该运行绑定的密钥为 {bound}，而证书由 {key} 签名。",
)
_NO_CHALLENGE: Final = Text(
    "A witness signs only a run that was bound to the witness's own challenge (run --challenge --for).",
    "见证方只能为绑定了其 challenge 的运行签名（run --challenge --for）。",
)
_SAME_FILES: Final = Text(
    "The certificate names version {claimed}, but its digests are those of version {own}.",
    "证书所称的版本为 {claimed}，其摘要却属于版本 {own}。",
)
_OLDER_SET: Final = Text(
    "The run was made with the newer requirement set {run}, the certificate names {claimed}.",
    "该运行使用了较新的要求集版本 {run}，而证书所称的是 {claimed}。",
)


def claim_problems(bundle: Bundle, evidence: Evidence, record: RunResult) -> Iterator[Text]:
    """Yield where a certificate contradicts its evidence, its key, or what exists."""
    claimed = bundle.certificate
    found = eligibility.build_certificate(claimed.subject, evidence, bundle.files[EVIDENCE], record, claimed.suite)
    if found.evidence != claimed.evidence:
        yield _DIGEST
    for field in fields(found.run):
        says, shows = getattr(claimed.run, field.name), getattr(found.run, field.name)
        if says != shows:
            yield _FACT.format(fact=field.name, claimed=str(says)[:200], found=str(shows)[:200])
    if claimed.profile != evidence.metadata.profile:
        yield _FACT.format(fact="profile", claimed=claimed.profile, found=evidence.metadata.profile)
    if claimed.form == 1 and evidence.binding is not None:
        yield _OLD_FORM
    elif claimed.form > 1 and claimed.binding != evidence.binding:
        yield _BINDING
    yield from repeated_keys(bundle.files)
    yield from subject_problems(claimed.subject, evidence, bundle.key.fingerprint)
    yield from witness_problems(claimed.attestor, evidence)
    yield from eligibility.kind_problems(claimed.kind, evidence)
    if claimed.kind == "product":
        yield from name_problems(claimed.subject)


def name_problems(subject: Subject) -> Iterator[Text]:
    """Yield which names of a subject are not what they appear to be."""
    for name in NAMED_THINGS:
        problem = name_problem(name, getattr(subject, name))
        if problem is not None:
            yield _NAME.format(thing=WORDS[name], problem=problem)


def subject_problems(subject: Subject, evidence: Evidence, key: str | None) -> Iterator[Text]:
    """Yield where subject and signing key differ from what the run is bound to; None for an unknown key."""
    binding = evidence.binding
    if binding is None:
        return
    for name in NAMED_THINGS:
        bound, claimed = getattr(binding, name), getattr(subject, name)
        if bound != claimed:
            yield _OTHER_PRODUCT.format(thing=WORDS[name], bound=bound, claimed=claimed)
    if key is not None and binding.key != key:
        yield _OTHER_KEY.format(bound=binding.key, key=key)


def witness_problems(attestor: Attestor, evidence: Evidence) -> Iterator[Text]:
    """Yield why a witness cannot be the one who attests a run."""
    if attestor == "witnessed" and evidence.binding is None:
        yield _NO_CHALLENGE


def suite_problems(certificate: Certificate, own: Suite, run_catalogue: str) -> Iterator[Text]:
    """Yield where the named suite contradicts its digests, or never existed."""
    claimed = certificate.suite
    yield from invented(claimed.version, claimed.catalogue_version)
    versions: dict[Part, tuple[str, str]] = {
        "suite": (claimed.version, own.version),
        "catalogue": (claimed.catalogue_version, own.catalogue_version),
    }
    for part, (says, ours) in versions.items():
        if claimed.digests[part] == own.digests[part] and says != ours:
            yield _SAME_FILES.format(claimed=says, own=ours)
    try:
        older = version_numbers(run_catalogue) > version_numbers(claimed.catalogue_version)
    except ValueError:
        older = False  # the run's requirement set does not exist, which is a problem of its own
    if older:
        yield _OLDER_SET.format(run=run_catalogue, claimed=claimed.catalogue_version)
