"""The badge of a valid certificate: an SVG, and JSON for the endpoint badge of shields.io."""

from __future__ import annotations

from typing import Final

from conformance.certificate.badge_svg import Badge
from conformance.certificate.statement import Certificate
from conformance.text import Lang, Text

LABEL: Final = Text("work ack contract", "work ack 契约")
MESSAGE: Final = Text("certified", "已认证")

_TITLE: Final = Text(
    "{name} of {vendor}: self-certified by the vendor, requirement set {catalogue}",
    "{vendor} 的 {name}：由厂商自行认证，要求集版本 {catalogue}",
)
_COLOUR: Final = "#2c7a3f"


def svg(certificate: Certificate, lang: Lang) -> str:
    """Return the badge as SVG, without external fonts or files."""
    about = certificate.subject
    title = _TITLE.format(name=about.name, vendor=about.vendor, catalogue=certificate.suite.catalogue_version)
    return _shield(lang).svg(title.in_(lang))


def endpoint(lang: Lang) -> str:
    """Return the JSON that shields.io renders as a badge."""
    return _shield(lang).endpoint()


def _shield(lang: Lang) -> Badge:
    return Badge(label=LABEL.in_(lang), message=MESSAGE.in_(lang), colour=_COLOUR)
