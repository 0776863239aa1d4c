"""Makes a certificate from a run's folder, or says why not."""

from __future__ import annotations

from pathlib import Path

from conformance.certificate import eligibility, suite_digest
from conformance.certificate.bundle import BrokenBundle, Bundle, sign_bundle
from conformance.certificate.signing import SigningKey
from conformance.certificate.statement import Subject
from conformance.certificate.verification import verify
from conformance.evidence import EVIDENCE, BrokenEvidence, read_evidence
from conformance.text import Text


class NotEligible(Exception):
    """The run does not support a certificate; `reasons` lists every reason."""

    def __init__(self, reasons: list[Text]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reason.en for reason in reasons))


def issue(folder: Path, subject: Subject, key: SigningKey) -> tuple[Bundle, bytes]:
    """Return a certificate for a run, and its bytes.

    The transcripts are judged again and reports are not read. The result is verified before it is returned.

    Raises:
        NotEligible: the run does not support it.
    """
    try:
        evidence = read_evidence(folder)
        index = (folder / EVIDENCE).read_bytes()
    except BrokenEvidence as error:
        raise NotEligible([error.reason]) from None
    record = evidence.judged()
    if reasons := eligibility.ineligibility_reasons(evidence, record):
        raise NotEligible(reasons)
    certificate = eligibility.build_certificate(subject, evidence, index, record, suite_digest.installed_suite())
    bundle = sign_bundle(certificate, {EVIDENCE: index, **evidence.files}, key)
    try:
        content = bundle.dumps()
    except BrokenBundle as error:
        raise NotEligible([error.reason]) from None
    outcome = verify(content, key.public)
    if outcome.outcome != "holds":
        raise NotEligible([*outcome.problems, *outcome.undecided])
    return bundle, content
