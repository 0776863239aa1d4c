"""Checks whether a registry takes a certificate: verified, by its policy, neither known nor of somebody else's run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from conformance.certificate.bundle import Bundle, countersign
from conformance.certificate.policy import Candidate, shortfalls
from conformance.certificate.run_times import begin_of
from conformance.certificate.signing import PublicKey, SigningKey
from conformance.certificate.verification import verify
from conformance.evidence import Evidence
from conformance.product_names import plain_name
from conformance.registry.entry import Entry
from conformance.registry.errors import Refused, Undecided
from conformance.registry.files import moment_of, sha256, stamp
from conformance.registry.listing import digest_of
from conformance.registry.store import Registry
from conformance.registry.traces import share_evidence, traces_of
from conformance.registry.validity import STANDINGS, standing_of
from conformance.text import Text

_DUPLICATE: Final = Text("The registry has this certificate already ({status}).", "登记册中已有此证书（{status}）。")
_STOLEN: Final = Text(
    "Its evidence is that of {product} {version} of {vendor}, which is in the registry: {digest}.",
    "其证据与登记册中 {vendor} 的 {product} {version} 相同：{digest}。",
)
_CHALLENGE: Final = Text(
    "The run is bound to the challenge {found}, not to {wanted}.",
    "该运行绑定的 challenge 为 {found}，而不是 {wanted}。",
)
_NO_CHALLENGE: Final = Text("The run is bound to no challenge.", "该运行没有绑定任何 challenge。")
_USED_CHALLENGE: Final = Text(
    "The challenge {challenge} was used for {product} {version} of {vendor}, which is in the registry. Hand out a new one.",
    "challenge {challenge} 已用于登记册中 {vendor} 的 {product} {version}。请发放新的 challenge。",
)
_OTHER_VENDOR_KEY: Final = Text(
    "The vendor {vendor} is in the registry with the key {listed}, not {found}. If both are the vendor's, give --vendor-key.",
    "登记册中 {vendor} 的密钥为 {listed}，而不是 {found}。若两者均属该厂商，请给出 --vendor-key。",
)
_RETIRED: Final = Text(
    "It is signed with the authority's key {key}, which another one replaced at {until}, before the run began.",
    "它由登记机构的密钥 {key} 签名，而该密钥已于 {until}、即运行开始之前被更换。",
)
_NO_PLACE: Final = Text(
    "It cannot take the authority's signature: its format is /1, or it already has a second signature.",
    "其中没有登记机构签名的位置：它的格式版本为 /1，或已有第二个签名。",
)
_OVER: Final = Text("The registry would list it as expired: {why}", "登记后即已过期：{why}")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the authority expects beyond the policy: its challenge, and the vendor's key from a source that it trusts."""

    challenge: str | None = None
    vendor_key: PublicKey | None = None


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A certificate that was checked. `reasons` are against it; `undecided` says what this version cannot decide."""

    reasons: tuple[Text, ...]
    undecided: tuple[Text, ...] = ()
    bundle: Bundle | None = None
    entry: Entry | None = None


def check(registry: Registry, content: bytes, wanted: Wanted, *, at: datetime) -> Submission:
    """Return every reason for which a registry does not take a certificate at a point in time."""
    result = verify(content, wanted.vendor_key)
    if result.bundle is None or result.evidence is None or result.problems or result.undecided:
        return Submission(reasons=tuple(result.problems), undecided=tuple(result.undecided))
    bundle = result.bundle
    entry = _entry(registry, bundle, result.evidence, at=at)
    reasons = [*_policy(registry, bundle, result.evidence, at), *_known(registry, entry)]
    reasons += [*_wanted(registry, entry, wanted), *_retired(registry, bundle, entry)]
    if _needs_signature(registry, bundle) and (bundle.second_key is not None or bundle.certificate.form == 1):
        reasons.append(_NO_PLACE)
    standing, why = standing_of(entry, registry.index, at)
    if standing != "listed" and why is not None:
        reasons.append(_OVER.format(why=why))
    return Submission(reasons=tuple(reasons), bundle=bundle, entry=entry)


def accept(registry: Registry, submission: Submission, key: SigningKey) -> tuple[Registry, Entry, bytes]:
    """Return the registry with a certificate, its entry, and the certificate's bytes with the authority's signature.

    Raises:
        Refused: there is a reason against it.
        Undecided: this version cannot decide.
    """
    bundle, entry = submission.bundle, submission.entry
    if submission.reasons:
        raise Refused([*submission.reasons, *submission.undecided])
    if submission.undecided or bundle is None or entry is None:
        raise Undecided(submission.undecided)
    signed = countersign(bundle, key) if _needs_signature(registry, bundle) else bundle
    content = signed.dumps()
    entry = replace(entry, certificate=sha256(content))
    return replace(registry, entries={**registry.entries, entry.digest: entry}), entry, content


def _needs_signature(registry: Registry, bundle: Bundle) -> bool:
    """Return whether none of the authority's keys signed the certificate."""
    keys = [bundle.key, *([] if bundle.second_key is None else [bundle.second_key])]
    return not any(map(registry.index.knows, keys))


def _is_witnessed(registry: Registry, bundle: Bundle) -> bool:
    """Return whether the authority made the run as a witness and signed first."""
    return bundle.certificate.attestor == "witnessed" and registry.index.knows(bundle.key)


def _entry(registry: Registry, bundle: Bundle, evidence: Evidence, *, at: datetime) -> Entry:
    certificate, days = bundle.certificate, registry.rules.max_age_days
    begin = begin_of(evidence.metadata)
    assert begin is not None, "a valid certificate says when its run began"
    return Entry(
        digest=digest_of(bundle),
        certificate=sha256(bundle.dumps()),
        vendor=certificate.subject.vendor,
        product=certificate.subject.product,
        version=certificate.subject.version,
        catalogue=certificate.suite.catalogue_version,
        suite=certificate.suite.version,
        started_at=certificate.run.started_at,
        listed_at=stamp(at),
        key=bundle.key.fingerprint,
        authority=registry.index.signer.fingerprint,
        traces=traces_of(evidence),
        profile=certificate.profile,
        attestation="witnessed" if _is_witnessed(registry, bundle) else "self-attested",
        challenge=None if certificate.binding is None else certificate.binding.challenge,
        valid_until=None if days is None else stamp(begin + timedelta(days=days)),
    )


def _policy(registry: Registry, bundle: Bundle, evidence: Evidence, at: datetime) -> list[Text]:
    certificate = bundle.certificate
    candidate = Candidate(
        evidence=evidence,
        catalogue=certificate.suite.catalogue_version,
        demonstration=certificate.kind == "demonstration",
        witnessed=_is_witnessed(registry, bundle),
    )
    return shortfalls(registry.rules, candidate, at=at)


def _known(registry: Registry, entry: Entry) -> Iterator[Text]:
    """Yield whether the registry has the certificate already, or another one of the same run or challenge."""
    same = registry.entries.get(entry.digest)
    if same is not None:
        yield _DUPLICATE.format(status=STANDINGS[same.status])
    for other in registry.entries.values():
        if other.digest == entry.digest:
            continue
        about = {"product": other.product, "version": other.version, "vendor": other.vendor}
        if share_evidence(other.traces, entry.traces):
            yield _STOLEN.format(**about, digest=other.digest)
        elif entry.challenge is not None and other.challenge == entry.challenge:
            yield _USED_CHALLENGE.format(**about, challenge=entry.challenge)


def _retired(registry: Registry, bundle: Bundle, entry: Entry) -> Iterator[Text]:
    """Yield that the authority no longer had the key when the run began: somebody else may have it."""
    for each in registry.index.keys:
        if each.key == bundle.key and each.until is not None and moment_of(entry.started_at) > moment_of(each.until):
            yield _RETIRED.format(key=each.key.fingerprint, until=each.until)


def _wanted(registry: Registry, entry: Entry, wanted: Wanted) -> Iterator[Text]:
    if wanted.challenge is not None and entry.challenge is None:
        yield _NO_CHALLENGE
    elif wanted.challenge is not None and entry.challenge != wanted.challenge:
        yield _CHALLENGE.format(found=entry.challenge, wanted=wanted.challenge)
    if wanted.vendor_key is None and entry.attestation == "self-attested":
        for other in registry.entries.values():
            same_name = plain_name(other.vendor) == plain_name(entry.vendor)
            if same_name and other.attestation == "self-attested" and other.key != entry.key:
                yield _OTHER_VENDOR_KEY.format(vendor=entry.vendor, listed=other.key, found=entry.key)
                break
