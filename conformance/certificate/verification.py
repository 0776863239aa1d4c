"""Verifies a certificate. Trusts only what the signature, the digests and the transcripts confirm.

If the installed suite is the certified one, the certificate must equal the one that this suite would write. If it is
another one, the verdicts on the certificate's own requirements must be the same, or the result is unclear.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from conformance.certificate import claims, eligibility, releases, suite_digest
from conformance.certificate.bundle import MAX_BYTES, BrokenBundle, Bundle, NewerBundle, read_bundle
from conformance.certificate.signing import PublicKey
from conformance.certificate.statement import Certificate
from conformance.certificate.suite_digest import PARTS, Suite
from conformance.contract.catalogue import load_catalogue, version_numbers
from conformance.contract.operations import PROFILES, Profile
from conformance.evidence import BrokenEvidence, Evidence, NewerEvidence
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS
from conformance.text import Text

Outcome = Literal["holds", "does-not-hold", "cannot-tell"]
Attestation = Literal["self-attested", "witnessed", "listed"]

_TOO_LARGE: Final = Text(
    f"It is larger than {MAX_BYTES // 2**20} MiB and was not read.", f"它超过 {MAX_BYTES // 2**20} MiB，未予读取。"
)
_OTHER_KEY: Final = Text(
    "It is signed with the key {enclosed}, not with the given key {given}.",
    "它是用密钥 {enclosed} 签名的，而不是所给的密钥 {given}。",
)
_OTHER_WITNESS: Final = Text(
    "The owner of the key {given} did not sign it as a witness.", "密钥 {given} 的持有者没有以见证方身份签名。"
)
_OTHER_PROFILE: Final = Text(
    "The certificate covers profile `{found}`, not `{wanted}`.", "证书覆盖的 profile 为 `{found}`，而不是 `{wanted}`。"
)
_INSTALL: Final = Text(
    "Install version {version} of work-conformance (requirement set {catalogue}) and verify with that version.",
    "请安装 work-conformance {version} 版（要求集版本 {catalogue}）后再验证。",
)


@dataclass(kw_only=True)
class Verification:
    """The result. `problems` says what is wrong, `undecided` what could not be decided, `notes` what else to know.

    `signer_known` and `witness_known` say that the caller gave the key, rather than the certificate alone. `listed`
    says that a registry with a key that the caller gave lists the certificate.
    """

    bundle: Bundle | None = None
    evidence: Evidence | None = None
    record: RunResult | None = None
    signer_known: bool = False
    witness_known: bool = False
    listed: bool = False
    problems: list[Text] = field(default_factory=list)
    undecided: list[Text] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """`holds`, unless something is wrong or undecided."""
        return "does-not-hold" if self.problems else "cannot-tell" if self.undecided else "holds"

    @property
    def attestation(self) -> Attestation:
        """Who stands behind the certificate: the vendor alone, a witness or a registry whose key the caller gave."""
        return "listed" if self.listed else "witnessed" if self.witness_known else "self-attested"


def verify(
    content: bytes,
    key: PublicKey | None = None,
    *,
    witness: PublicKey | None = None,
    profile: Profile | None = None,
) -> Verification:
    """Verify a certificate's bytes, with the given keys or else the enclosed ones. No input makes it raise.

    `profile` is what the certificate must cover: one of `work` covers `ack` too.
    """
    result = Verification()
    if len(content) > MAX_BYTES:
        result.undecided.append(_TOO_LARGE)
        return result
    try:
        bundle = read_bundle(content)
        if key is not None and bundle.key != key:
            enclosed, given = bundle.key.fingerprint, key.fingerprint
            result.problems.append(_OTHER_KEY.format(enclosed=enclosed, given=given))
        witness_known = witness is not None and _is_witness(bundle, witness)
        if witness is not None and not witness_known:
            result.problems.append(_OTHER_WITNESS.format(given=witness.fingerprint))
        evidence = bundle.evidence()
    except (NewerBundle, NewerEvidence) as error:
        result.undecided.append(error.reason)
        return result
    except (BrokenBundle, BrokenEvidence) as error:
        result.problems.append(error.reason)
        return result
    covered = PROFILES[bundle.certificate.profile]
    if profile is not None and not PROFILES[profile] <= covered:
        result.problems.append(_OTHER_PROFILE.format(found=bundle.certificate.profile, wanted=profile))
    result.bundle, result.witness_known = bundle, witness_known
    result.signer_known = witness_known or bundle.key == key
    result.evidence, result.record = evidence, evidence.rejudge()
    _compare(result, bundle, evidence, result.record)
    return result


def _is_witness(bundle: Bundle, key: PublicKey) -> bool:
    """Return whether the key signed first, and its owner made the run as a witness.

    A second signature says that a registry checked the certificate, not that its owner made the run.
    """
    return key == bundle.key and bundle.certificate.attestor == "witnessed"


def _compare(result: Verification, bundle: Bundle, evidence: Evidence, record: RunResult) -> None:
    certificate, own = bundle.certificate, suite_digest.installed_suite()
    result.problems += claims.claim_problems(bundle, evidence, record)
    result.problems += claims.suite_problems(certificate, own, evidence.metadata.catalogue_version)
    if certificate.suite == own:
        result.problems += eligibility.verdict_differences(
            certificate.verdicts, eligibility.verdict_by_requirement(record)
        )
        result.problems += eligibility.ineligibility_reasons(evidence, record)
        return
    result.problems += eligibility.unmet_run_conditions(evidence)
    result.notes += _other_suite(certificate.suite, own)
    result.undecided += releases.newer(certificate.suite.version, certificate.suite.catalogue_version)
    result.undecided += _left_out(certificate)
    result.undecided += _unknown(certificate, evidence)
    judged = _only(certificate, record)
    result.undecided += eligibility.verdict_differences(
        certificate.verdicts, eligibility.verdict_by_requirement(judged)
    )
    result.notes += _newer(certificate, record)
    if result.undecided:
        version, catalogue = certificate.suite.version, certificate.suite.catalogue_version
        result.undecided.append(_INSTALL.format(version=version, catalogue=catalogue))
    else:
        result.problems += eligibility.verdict_problems(judged)


def _other_suite(certified: Suite, own: Suite) -> list[Text]:
    """Return how the installed suite differs from the certified one."""
    notes = []
    versions = Text(
        "Certified with {certified}, verified with {own}: {what}.", "认证时为 {certified}，验证时为 {own}：{what}。"
    )
    for what, theirs, ours in (
        (Text("version of work-conformance", "work-conformance 版本"), certified.version, own.version),
        (Text("version of the requirement set", "要求集版本"), certified.catalogue_version, own.catalogue_version),
    ):
        if theirs != ours:
            notes.append(versions.format(certified=theirs, own=ours, what=what))
    files = Text("The installed files differ from the certified ones: {what}.", "当前安装的文件与认证时不同：{what}。")
    notes += [files.format(what=words) for part, words in PARTS.items() if certified.digests[part] != own.digests[part]]
    return notes


def _left_out(certificate: Certificate) -> list[Text]:
    """Return the certificate's missing requirements, except for those that a run need not include."""
    version = version_numbers(certificate.suite.catalogue_version)
    silent = [
        rule.id
        for rule in load_catalogue().of_profile(certificate.profile).requirements.values()
        if version_numbers(rule.since) <= version
        and rule.id not in certificate.verdicts
        and rule.exercised != "on-request"
    ]
    if not silent:
        return []
    words = Text(
        "Requirements of the certificate's own requirement set are missing: {names}.",
        "证书缺少其自身要求集版本中的要求：{names}。",
    )
    return [words.format(names=eligibility.join_names(silent))]


def _unknown(certificate: Certificate, evidence: Evidence) -> list[Text]:
    """Return the certificate's requirements that the installed suite cannot judge."""
    found = []
    strange = [rule for rule in certificate.verdicts if rule not in load_catalogue().requirements]
    if strange:
        words = Text(
            "The installed requirement set does not contain these requirements: {names}.",
            "当前要求集中没有以下要求：{names}。",
        )
        found.append(words.format(names=eligibility.join_names(strange)))
    return found + eligibility.missing_scenarios_text(
        [line for line in eligibility.missing_from_evidence(evidence) if line.requirement in certificate.verdicts]
    )


def _only(certificate: Certificate, record: RunResult) -> RunResult:
    """Return the record, limited to the certificate's own requirements."""
    return replace(
        record,
        plan=tuple(line for line in record.plan if line.requirement in certificate.verdicts),
        verdicts=tuple(verdict for verdict in record.verdicts if verdict.line.requirement in certificate.verdicts),
    )


def _newer(certificate: Certificate, record: RunResult) -> list[Text]:
    """Return requirements that were added later; a certificate says nothing about them."""
    version = version_numbers(certificate.suite.catalogue_version)
    words = Text(
        "Newer than the certificate and not part of it: {id} ({kind}).", "晚于证书，不在其内：{id}（{kind}）。"
    )
    return [
        words.format(id=rule, kind=WORDS[kind])
        for rule, kind in sorted(eligibility.verdict_by_requirement(record).items())
        if rule not in certificate.verdicts and version_numbers(load_catalogue().requirements[rule].since) > version
    ]
