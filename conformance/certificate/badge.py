"""The badge of a valid certificate: an SVG, and JSON for the endpoint badge of shields.io.

The left field names product and version. The right one says what the certificate is: profile, who attests, whether the
run was bound to the product, how many MUST were judged, and when.
"""

from __future__ import annotations

from typing import Final

from conformance.certificate.badge_svg import Badge
from conformance.certificate.statement import Certificate
from conformance.certificate.verification import Attestation
from conformance.contract.catalogue import load_catalogue
from conformance.text import Lang, Text

_SEPARATOR: Final = " · "
ATTESTATIONS: Final[dict[Attestation, Text]] = {
    "self-attested": Text("self-attested", "自证"),
    "witnessed": Text("witnessed", "有见证"),
    "listed": Text("listed", "已登记"),
}
_UNBOUND: Final = Text("unbound", "未绑定")
_DEMONSTRATION: Final = Text("demonstration, not a product", "演示，并非产品")

_MUST: Final = Text("{n} MUST judged", "已判定 {n} 条 MUST")
_TITLE: Final = Text(
    "{name} of {vendor}: {message}, requirement set {catalogue}",
    "{vendor} 的 {name}：{message}，要求集版本 {catalogue}",
)
_BOUND_COLOUR: Final = "#2c7a3f"
_UNBOUND_COLOUR: Final = "#8a5a00"
_DEMONSTRATION_COLOUR: Final = "#5a5a5a"


def svg(certificate: Certificate, lang: Lang, attestation: Attestation = "self-attested") -> str:
    """Return the badge as SVG, without external fonts or files."""
    about = certificate.subject
    title = _TITLE.format(
        name=about.name,
        vendor=about.vendor,
        message=message(certificate, lang, attestation),
        catalogue=certificate.suite.catalogue_version,
    )
    return _shield(certificate, lang, attestation).svg(title.in_(lang))


def endpoint(certificate: Certificate, lang: Lang, attestation: Attestation = "self-attested") -> str:
    """Return the JSON that shields.io renders as a badge."""
    return _shield(certificate, lang, attestation).endpoint()


def message(certificate: Certificate, lang: Lang, attestation: Attestation = "self-attested") -> str:
    """Return what the right field of the badge says."""
    if certificate.kind == "demonstration":
        return _DEMONSTRATION.in_(lang)
    parts = [
        certificate.profile,
        ATTESTATIONS[attestation].in_(lang),
        *([_UNBOUND.in_(lang)] if certificate.binding is None else []),
        _MUST.format(n=must_judged(certificate)).in_(lang),
        certificate.run.started_at[:10],
    ]
    return _SEPARATOR.join(parts)


def must_judged(certificate: Certificate) -> int:
    """Return how many MUST requirements were judged and passed."""
    rules = load_catalogue().requirements
    return sum(
        rule in rules and rules[rule].level == "MUST" for rule in certificate.requirements_with_verdict("passed")
    )


def _shield(certificate: Certificate, lang: Lang, attestation: Attestation) -> Badge:
    colour = _UNBOUND_COLOUR if certificate.binding is None else _BOUND_COLOUR
    if certificate.kind == "demonstration":
        colour = _DEMONSTRATION_COLOUR
    return Badge(label=certificate.subject.name, message=message(certificate, lang, attestation), colour=colour)
