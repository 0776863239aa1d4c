"""A certificate's statement, as a value and as an in-toto Statement v1 with the test-result predicate.

Statements of form 2 name the binding of the run, the profile, and whether they are about a product or a demonstration.
Those of form 1 say none of it.

The predicate has lists for tests that passed, warned and failed, and rejects unknown fields. Other verdicts, and how
the run was made, are annotations of its first configuration entry, which comes first in the sorted statement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from conformance.binding import Binding
from conformance.certificate.canonical import canonical
from conformance.certificate.suite_digest import PARTS, Suite
from conformance.contract.operations import PROFILES, Profile
from conformance.judging.verdict import VerdictKind
from conformance.product_names import NAMED_THINGS, is_line

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://in-toto.io/attestation/test-result/v0.1"
Kind = Literal["product", "demonstration"]
"""A demonstration is of the suite's own emulator and says nothing about a product."""

Attestor = Literal["self-attested", "witnessed"]
"""Who made the run, by the signer's own word: the vendor, or a witness on the vendor's server."""

ATTESTORS: Final[tuple[Attestor, ...]] = get_args(Attestor)

Form = Literal[1, 2]
"""The version of the statement's form."""

_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_LONGEST: Final = 2000
_LISTS: Final[dict[VerdictKind, str]] = {"passed": "passedTests", "warned": "warnedTests", "failed": "failedTests"}
_ANNOTATED: Final[dict[VerdictKind, str]] = {
    "inconclusive": "conformance_inconclusive",
    "waived": "conformance_waived",
    "not-exercised": "conformance_not_exercised",
    "observed": "conformance_observed",
}


class MalformedStatement(ValueError):
    """The bytes are not a statement that this version writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Vendor, product and version. Each is one printable line of limited length, without blanks at its ends.

    Raises:
        ValueError: a value is not valid; the message is its name.
    """

    vendor: str
    product: str
    version: str

    def __post_init__(self) -> None:
        for name in NAMED_THINGS:
            value = getattr(self, name)
            if not is_line(value):
                raise ValueError(name)

    @property
    def name(self) -> str:
        """Return product and version."""
        return f"{self.product} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedWorker:
    """The worker that a run judged: its command, or None if it was started by hand (`--attach`), and the leases."""

    command: str | None
    real_leases: bool

    def __str__(self) -> str:
        how = "started by hand" if self.command is None else self.command
        return f"{how} ({'real' if self.real_leases else 'short'} leases)"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of a statement."""
        return {"attached": self.command is None, "command": self.command, "real_leases": self.real_leases}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How the evidence was made. `worker` is None for a run that judged a server."""

    id: str
    started_at: str
    base_url: str
    embedded: bool
    arranged_by: str
    worker: JudgedWorker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The content of a certificate. `evidence` is the digest of `evidence.json`; `verdicts` are by requirement id.

    `binding` is what the run was bound to before its first request. A statement of form 1 says nothing of it, and is
    always self-attested. `profile` is what the run judged: ack, all operations, or a worker.
    """

    subject: Subject
    evidence: str
    run: Run
    suite: Suite
    verdicts: Mapping[str, VerdictKind]
    binding: Binding | None = None
    kind: Kind = "product"
    form: Form = 2
    attestor: Attestor = "self-attested"
    profile: Profile = "ack"

    def requirements_with_verdict(self, kind: VerdictKind) -> list[str]:
        """Return the requirements with that verdict, sorted."""
        return sorted(rule for rule, found in self.verdicts.items() if found == kind)


def payload_of(certificate: Certificate) -> bytes:
    """Return the statement's bytes, which are signed."""
    lists = {name: certificate.requirements_with_verdict(kind) for kind, name in _LISTS.items()}
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [_subject(certificate)],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": "FAILED" if lists["failedTests"] else "WARNED" if lists["warnedTests"] else "PASSED",
            "configuration": [_run(certificate), *_suite(certificate.suite)],
            **lists,
        },
    }
    return canonical(statement)


def read_payload(payload: bytes) -> Certificate:
    """Read what `payload_of` wrote.

    Raises:
        MalformedStatement: it does not write such bytes.
    """
    try:
        certificate = _certificate(json.loads(payload))
        if payload_of(certificate) == payload:
            return certificate
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, StopIteration):
        pass
    raise MalformedStatement("not a statement of this version")


def _subject(certificate: Certificate) -> dict[str, Any]:
    about = certificate.subject
    annotations = {
        "conformance_vendor": about.vendor,
        "conformance_product": about.product,
        "conformance_product_version": about.version,
    }
    return {"name": about.name, "digest": {"sha256": certificate.evidence}, "annotations": annotations}


def _run(certificate: Certificate) -> dict[str, Any]:
    run, binding = certificate.run, certificate.binding
    newer = {
        "conformance_binding": None if binding is None else binding.to_json(),
        "conformance_kind": certificate.kind,
        "conformance_profile": certificate.profile,
        **({} if run.worker is None else {"conformance_worker": run.worker.to_json()}),
    }
    annotations = {
        **(newer if certificate.form > 1 else {}),
        "conformance_attestation": certificate.attestor,
        "conformance_arranged_by": run.arranged_by,
        "conformance_embedded": run.embedded,
        "conformance_started_at": run.started_at,
        "conformance_target": run.base_url,
        **{name: certificate.requirements_with_verdict(kind) for kind, name in _ANNOTATED.items()},
    }
    return {"name": "run", "uri": f"urn:work-conformance:run:{run.id}", "annotations": annotations}


def _suite(suite: Suite) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = [{"name": part, "digest": {"sha256": suite.digests[part]}} for part in PARTS]
    for entry in entries:
        if entry["name"] == "suite":
            entry["uri"] = f"pkg:pypi/work-conformance@{suite.version}"
        elif entry["name"] == "catalogue":
            entry["annotations"] = {"conformance_catalogue_version": suite.catalogue_version}
    return entries


def _certificate(data: Any) -> Certificate:
    subject, predicate = data["subject"][0], data["predicate"]
    about, (run, *entries) = subject["annotations"], predicate["configuration"]
    by_name = {entry["name"]: entry for entry in entries}
    notes = run["annotations"]
    form: Form = 2 if "conformance_profile" in notes else 1
    embedded = notes["conformance_embedded"] is True
    binding = notes["conformance_binding"] if form > 1 else None
    kind: Kind = "demonstration" if embedded else "product"
    attestor: Attestor = "self-attested"
    profile: Profile = "ack"
    if form > 1:
        profile = next(name for name in PROFILES if name == notes["conformance_profile"])
        kind = _KINDS[_KINDS.index(notes["conformance_kind"])]
        attestor = ATTESTORS[ATTESTORS.index(notes["conformance_attestation"])]
    found = {verdict: predicate[name] for verdict, name in _LISTS.items()}
    found |= {verdict: notes[name] for verdict, name in _ANNOTATED.items()}
    return Certificate(
        subject=Subject(
            vendor=_line(about["conformance_vendor"]),
            product=_line(about["conformance_product"]),
            version=_line(about["conformance_product_version"]),
        ),
        evidence=_line(subject["digest"]["sha256"]),
        run=Run(
            id=_line(run["uri"]).removeprefix("urn:work-conformance:run:"),
            started_at=_line(notes["conformance_started_at"]),
            base_url=_line(notes["conformance_target"]),
            embedded=embedded,
            arranged_by=_line(notes["conformance_arranged_by"]),
            worker=_worker(notes["conformance_worker"]) if "conformance_worker" in notes else None,
        ),
        suite=Suite(
            version=_line(by_name["suite"]["uri"]).rpartition("@")[2],
            catalogue_version=_version(by_name["catalogue"]["annotations"]["conformance_catalogue_version"]),
            digests={part: _line(by_name[part]["digest"]["sha256"]) for part in PARTS},
        ),
        verdicts={_line(rule): verdict for verdict, rules in found.items() for rule in rules},
        binding=None if binding is None else Binding.from_json(binding),
        kind=kind,
        form=form,
        attestor=attestor,
        profile=profile,
    )


def _worker(data: Any) -> JudgedWorker:
    command = data["command"]
    return JudgedWorker(command=None if command is None else _line(command), real_leases=data["real_leases"] is True)


def is_shown(value: object) -> bool:
    """Return whether a value is one printable line of limited length: people read what a statement says."""
    return isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST


def _line(value: object) -> str:
    """Return a value that `is_shown`.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(value, str) or not is_shown(value):
        raise ValueError("not a line of text")
    return value


def _version(value: object) -> str:
    """Return numbers separated by dots: versions of requirement sets are compared."""
    line = _line(value)
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in line.split(".")):
        raise ValueError("not a version")
    return line
