"""The badge of a certificate that holds: an SVG, and JSON for the endpoint badge of shields.io."""

from __future__ import annotations

from typing import Final

from conformance.certificate.badge_svg import Badge
from conformance.certificate.statement import Certificate
from conformance.text import Lang, Text

LABEL: Final = Text("work ack contract", "work ack 契约")
MESSAGE: Final = Text("certified", "已认证")

_TITLE: Final = Text(
    "{name} of {vendor}: certified by the vendor itself, catalogue {catalogue}",
    "{vendor} 的 {name}：由厂商自证，目录版本 {catalogue}",
)
_COLOUR: Final = "#2c7a3f"


def svg(certificate: Certificate, lang: Lang) -> str:
    """The picture. It needs no font or file from elsewhere."""
    about = certificate.subject
    title = _TITLE.format(name=about.name, vendor=about.vendor, catalogue=certificate.suite.catalogue_version)
    return _shield(lang).svg(title.in_(lang))


def endpoint(lang: Lang) -> str:
    """The JSON that shields.io makes a badge of."""
    return _shield(lang).endpoint()


def _shield(lang: Lang) -> Badge:
    return Badge(label=LABEL.in_(lang), message=MESSAGE.in_(lang), colour=_COLOUR)
