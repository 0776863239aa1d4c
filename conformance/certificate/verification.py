"""Verifies a certificate. It trusts nothing in it but what the signature, the digests and the transcripts bear out.

Where the installed suite is the certified one, the certificate must be the very one that this suite would write. Where
it is another, the verdicts of the certificate's own requirements must come out the same, or nothing can be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from conformance.certificate import eligibility, suite_digest
from conformance.certificate.bundle import MAX_BYTES, BrokenBundle, Bundle, NewerBundle, read_bundle
from conformance.certificate.signing import PublicKey
from conformance.certificate.statement import Certificate
from conformance.certificate.suite_digest import PARTS, Suite
from conformance.contract.catalogue import FIRST_VERSION, load_catalogue, version_numbers
from conformance.evidence import EVIDENCE, BrokenEvidence, Evidence, NewerEvidence
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS
from conformance.text import Text

Outcome = Literal["holds", "does-not-hold", "cannot-tell"]

_TOO_LARGE: Final = Text(
    f"It is larger than {MAX_BYTES // 2**20} MiB and was not read.", f"它超过 {MAX_BYTES // 2**20} MiB，未予读取。"
)
_OTHER_KEY: Final = Text(
    "It is signed with another key than the one given: {enclosed}, not {given}.",
    "它不是用所给的密钥签名的：实为 {enclosed}，而非 {given}。",
)
_INSTALL: Final = Text(
    "Install version {version} of work-conformance (catalogue {catalogue}) and verify with that.",
    "请安装 work-conformance {version} 版（目录版本 {catalogue}）后再验证。",
)


@dataclass(kw_only=True)
class Verification:
    """What became of it. `problems` says what does not hold, `undecided` what cannot be told, `notes` what else to know.

    `signer_known` says that the key was given by whoever asked, and not only enclosed.
    """

    bundle: Bundle | None = None
    record: RunResult | None = None
    signer_known: bool = False
    problems: list[Text] = field(default_factory=list)
    undecided: list[Text] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """Holds, unless something is wrong, or else unclear."""
        return "does-not-hold" if self.problems else "cannot-tell" if self.undecided else "holds"


def verify(content: bytes, key: PublicKey | None = None) -> Verification:
    """Verify the bytes of a certificate, with the key given or else the one enclosed. Never raises for what they are."""
    result = Verification()
    if len(content) > MAX_BYTES:
        result.undecided.append(_TOO_LARGE)
        return result
    try:
        bundle = read_bundle(content)
        if key is not None and bundle.key != key:
            enclosed, given = bundle.key.fingerprint, key.fingerprint
            result.problems.append(_OTHER_KEY.format(enclosed=enclosed, given=given))
        evidence = bundle.evidence()
    except (NewerBundle, NewerEvidence) as error:
        result.undecided.append(error.reason)
        return result
    except (BrokenBundle, BrokenEvidence) as error:
        result.problems.append(error.reason)
        return result
    result.bundle, result.signer_known = bundle, key is not None and bundle.key == key
    result.record = evidence.judged()
    _compare(result, bundle, evidence, result.record)
    return result


def _compare(result: Verification, bundle: Bundle, evidence: Evidence, record: RunResult) -> None:
    certificate, own = bundle.certificate, suite_digest.installed_suite()
    result.problems += _other_facts(bundle, evidence, record)
    if certificate.suite == own:
        result.problems += eligibility.verdict_differences(certificate.verdicts, eligibility.verdict_kinds(record))
        result.problems += eligibility.ineligibility_reasons(evidence, record)
        return
    result.problems += eligibility.evidence_problems(evidence)
    result.notes += _other_suite(certificate.suite, own)
    result.problems += _never_was(certificate)
    result.undecided += _left_out(certificate)
    result.undecided += _unknown(certificate, evidence)
    judged = _only(certificate, record)
    result.undecided += eligibility.verdict_differences(certificate.verdicts, eligibility.verdict_kinds(judged))
    result.notes += _newer(certificate, record)
    if result.undecided:
        version, catalogue = certificate.suite.version, certificate.suite.catalogue_version
        result.undecided.append(_INSTALL.format(version=version, catalogue=catalogue))
    else:
        result.problems += eligibility.verdict_problems(judged)


def _other_facts(bundle: Bundle, evidence: Evidence, record: RunResult) -> list[Text]:
    """What the statement says of run and evidence, where these say otherwise."""
    claimed = bundle.certificate
    found = eligibility.build_certificate(claimed.subject, evidence, bundle.files[EVIDENCE], record, claimed.suite)
    problems = []
    if found.evidence != claimed.evidence:
        problems.append(
            Text(
                f"{EVIDENCE} is not the certified one: its digest differs.",
                f"{EVIDENCE} 不是所认证的那一份：摘要不一致。",
            )
        )
    if found.run != claimed.run:
        problems.append(
            Text(
                "What the certificate says of the run is not what the evidence says.",
                "证书对该次运行的描述与证据不一致。",
            )
        )
    return problems


def _other_suite(certified: Suite, own: Suite) -> list[Text]:
    """In what the installed suite is not the certified one."""
    notes = []
    versions = Text(
        "Certified with {certified}, verified with {own}: {what}.", "认证时为 {certified}，验证时为 {own}：{what}。"
    )
    for what, theirs, ours in (
        (Text("version of work-conformance", "work-conformance 版本"), certified.version, own.version),
        (Text("version of the catalogue", "目录版本"), certified.catalogue_version, own.catalogue_version),
    ):
        if theirs != ours:
            notes.append(versions.format(certified=theirs, own=ours, what=what))
    files = Text("The installed files are not the certified ones: {what}.", "当前安装的文件与认证时不同：{what}。")
    notes += [files.format(what=words) for part, words in PARTS.items() if certified.digests[part] != own.digests[part]]
    return notes


def _never_was(certificate: Certificate) -> list[Text]:
    """A catalogue older than the first one, under which anything could be left out."""
    name = certificate.suite.catalogue_version
    if version_numbers(name) >= version_numbers(FIRST_VERSION):
        return []
    return [Text(f"There never was a catalogue {name}.", f"从未有过 {name} 版的目录。")]


def _left_out(certificate: Certificate) -> list[Text]:
    """Requirements of the certificate's own catalogue that it is silent about, but for those that a run need not hold."""
    version = version_numbers(certificate.suite.catalogue_version)
    silent = [
        rule.id
        for rule in load_catalogue().requirements.values()
        if version_numbers(rule.since) <= version
        and rule.id not in certificate.verdicts
        and rule.exercised != "on-request"
    ]
    if not silent:
        return []
    words = Text(
        "Requirements of the certificate's own catalogue are missing in it: {names}.",
        "证书缺少其自身目录版本中的要求：{names}。",
    )
    return [words.format(names=eligibility.join_names(silent))]


def _unknown(certificate: Certificate, evidence: Evidence) -> list[Text]:
    """What the installed suite cannot judge of the certificate's requirements."""
    found = []
    strange = [rule for rule in certificate.verdicts if rule not in load_catalogue().requirements]
    if strange:
        words = Text(
            "The installed catalogue does not know these requirements: {names}.", "当前目录中没有以下要求：{names}。"
        )
        found.append(words.format(names=eligibility.join_names(strange)))
    return found + eligibility.missing_scenarios_text(
        [line for line in eligibility.missing_from_evidence(evidence) if line.requirement in certificate.verdicts]
    )


def _only(certificate: Certificate, record: RunResult) -> RunResult:
    """The record of the certificate's own requirements."""
    return replace(
        record,
        plan=tuple(line for line in record.plan if line.requirement in certificate.verdicts),
        verdicts=tuple(verdict for verdict in record.verdicts if verdict.line.requirement in certificate.verdicts),
    )


def _newer(certificate: Certificate, record: RunResult) -> list[Text]:
    """Requirements that came later; a certificate says nothing about them."""
    version = version_numbers(certificate.suite.catalogue_version)
    words = Text("Newer than the certificate, not part of it: {id} ({kind}).", "晚于证书，不在其内：{id}（{kind}）。")
    return [
        words.format(id=rule, kind=WORDS[kind])
        for rule, kind in sorted(eligibility.verdict_kinds(record).items())
        if rule not in certificate.verdicts and version_numbers(load_catalogue().requirements[rule].since) > version
    ]
