"""The result of a verification as JSON, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from conformance.certificate.badge import must_judged
from conformance.certificate.bundle import Bundle
from conformance.certificate.verification import Verification
from conformance.text import Text

FORMAT: Final = "work-conformance-verification/1"


def verification_json(
    result: Verification,
    missed: Iterable[Text],
    *,
    policy: str,
    exit_code: int,
    registry: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the result; `missed` is what the certificate lacks by the policy of that name.

    `registry` is what a registry says of it; None if none was asked.
    """
    reasons = [text.to_json() for text in missed]
    return {
        "format": FORMAT,
        "outcome": result.outcome,
        "exit_code": exit_code,
        "signer_known": result.signer_known,
        "attestation": result.attestation,
        "certificate": None if result.bundle is None else _certificate(result.bundle),
        "policy": {"name": policy, "met": result.outcome == "holds" and not reasons, "reasons": reasons},
        "registry": registry,
        "problems": [text.to_json() for text in result.problems],
        "undecided": [text.to_json() for text in result.undecided],
        "notes": [text.to_json() for text in result.notes],
    }


def _certificate(bundle: Bundle) -> dict[str, Any]:
    certificate = bundle.certificate
    subject, run, suite, binding = certificate.subject, certificate.run, certificate.suite, certificate.binding
    return {
        "form": certificate.form,
        "kind": certificate.kind,
        "attestor": certificate.attestor,
        "profile": certificate.profile,
        "vendor": subject.vendor,
        "product": subject.product,
        "version": subject.version,
        "binding": None if binding is None else {**binding.to_json(), "digest": binding.digest},
        "evidence": certificate.evidence,
        "run": run.id,
        "started_at": run.started_at,
        "target": run.base_url,
        "worker": None if run.worker is None else run.worker.to_json(),
        "suite": suite.version,
        "requirement_set": suite.catalogue_version,
        "must_judged": must_judged(certificate),
        "not_exercised": certificate.requirements_with_verdict("not-exercised"),
        "key": bundle.key.fingerprint,
        "witness": None if bundle.second_key is None else bundle.second_key.fingerprint,
    }
