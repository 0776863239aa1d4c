"""Makes a certificate from a run's folder, or says why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance import __version__
from conformance.certificate import claims, eligibility, suite_digest
from conformance.certificate.bundle import BrokenBundle, Bundle, sign_bundle
from conformance.certificate.signing import SigningKey
from conformance.certificate.statement import Attestor, Kind, Subject
from conformance.certificate.verification import verify
from conformance.evidence import EVIDENCE, TRANSCRIPTS, BrokenEvidence, Evidence, read_evidence, read_file
from conformance.judging.run_result import RunResult
from conformance.product_names import NAMED_THINGS, WORDS, is_line
from conformance.text import Text

_NO_LINE: Final = Text("The name of the {thing} is not one printable line.", "{thing}名称不是一行可打印文字。")
_SHOWN: Final = 3
_STRANGE: Final = Text(
    "{name} is not a file that the run wrote; remove it.", "{name} 不是该运行写出的文件；请将其删除。"
)
_NO_PRODUCT: Final = Text(
    "The run is not bound to a product. Run it with --challenge and --for, or name --vendor, --product and"
    " --product-version for an unbound certificate.",
    "该运行没有绑定产品。请用 --challenge 和 --for 运行，或给出 --vendor、--product 和 --product-version 以签发未绑定的证书。",
)


class NotEligible(Exception):
    """The run does not support a certificate; `reasons` lists every reason."""

    def __init__(self, reasons: list[Text]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reason.en for reason in reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to certify. Names that are None come from the run's binding; a demonstration is named after what is the suite's own."""

    folder: Path
    vendor: str | None = None
    product: str | None = None
    version: str | None = None
    kind: Kind = "product"
    attestor: Attestor = "self-attested"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """A run that was read and judged again, the subject of its certificate, and every reason against one."""

    evidence: Evidence
    index: bytes
    record: RunResult
    subject: Subject
    reasons: list[Text]


def examine(request: Request, key: str | None = None) -> Findings:
    """Judge a run again and return what prevents its certificate; `key` is the signing key's fingerprint.

    The transcripts are judged again and reports are not read.

    Raises:
        NotEligible: the folder is not that of one run, or nothing says which product it is about.
    """
    try:
        evidence = read_evidence(request.folder)
        index = read_file(request.folder, EVIDENCE)
    except BrokenEvidence as error:
        raise NotEligible([error.reason]) from None
    subject = _subject(request, evidence)
    record = evidence.rejudge()
    reasons = eligibility.kind_problems(request.kind, evidence)
    reasons += claims.subject_problems(subject, evidence, key)
    reasons += claims.witness_problems(request.attestor, evidence)
    if request.kind == "product":
        reasons += claims.name_problems(subject)
    reasons += _strange_files(request.folder, evidence)
    reasons += eligibility.ineligibility_reasons(evidence, record)
    return Findings(evidence=evidence, index=index, record=record, subject=subject, reasons=reasons)


def issue(request: Request, key: SigningKey) -> tuple[Bundle, bytes]:
    """Return a certificate for a run, and its bytes. The result is verified before it is returned.

    Raises:
        NotEligible: the run does not support it.
    """
    found = examine(request, key.public.fingerprint)
    if found.reasons:
        raise NotEligible(found.reasons)
    suite = suite_digest.installed_suite()
    certificate = eligibility.build_certificate(
        found.subject,
        found.evidence,
        found.index,
        found.record,
        suite,
        kind=request.kind,
        attestor=request.attestor,
    )
    bundle = sign_bundle(certificate, {EVIDENCE: found.index, **found.evidence.files}, key)
    try:
        content = bundle.dumps()
    except BrokenBundle as error:
        raise NotEligible([error.reason]) from None
    outcome = verify(content, key.public)
    if outcome.outcome != "holds":
        raise NotEligible([*outcome.problems, *outcome.undecided])
    return bundle, content


def _strange_files(folder: Path, evidence: Evidence) -> list[Text]:
    """Return the files beside the transcripts that the run did not write: they would be left out without a word."""
    names = sorted(f"{TRANSCRIPTS}/{each.name}" for each in (folder / TRANSCRIPTS).iterdir())
    return [_STRANGE.format(name=name) for name in names if name not in evidence.files][:_SHOWN]


def _subject(request: Request, evidence: Evidence) -> Subject:
    """Return the subject: the names of the request, or else those of the binding, or of what is the suite's own.

    Raises:
        NotEligible: a name is missing, or is no line of text.
    """
    names: dict[str, str | None] = dict.fromkeys(NAMED_THINGS)
    if evidence.binding is not None:
        names = {name: getattr(evidence.binding, name) for name in NAMED_THINGS}
    elif request.kind == "demonstration":
        product = "reference worker" if evidence.metadata.profile == "worker" else "embedded emulator"
        names = {"vendor": "work-conformance", "product": product, "version": __version__}
    names |= {name: given for name in NAMED_THINGS if (given := getattr(request, name)) is not None}
    found = {name: value for name, value in names.items() if value is not None}
    if len(found) < len(NAMED_THINGS):
        raise NotEligible([_NO_PRODUCT])
    for name in NAMED_THINGS:
        if not is_line(found[name]):
            raise NotEligible([_NO_LINE.format(thing=WORDS[name])])
    return Subject(**found)
