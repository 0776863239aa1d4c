"""Collects every variant by id."""

from collections.abc import Mapping

from .behaviour import BEHAVIOUR
from .http_framing import HTTP_FRAMING
from .identifiers import IDENTIFIERS
from .network_conditions import NETWORK_CONDITIONS
from .read_lag import READ_LAG
from .serialization import SERIALIZATION
from .setup_api import SETUP_API
from .variant import Profile, Variant
from .work_operations import WORK_OPERATIONS

VARIANTS: Mapping[str, Variant] = {
    variant.id: variant
    for variant in (
        *IDENTIFIERS,
        *BEHAVIOUR,
        *WORK_OPERATIONS,
        *SETUP_API,
        *READ_LAG,
        *SERIALIZATION,
        *NETWORK_CONDITIONS,
        *HTTP_FRAMING,
    )
}
"""In the order of application: those nearer to the network come later."""


def variants_of(profile: Profile) -> dict[str, Variant]:
    """Return the variants that must pass in a profile."""
    return {name: variant for name, variant in VARIANTS.items() if variant.profile in (None, profile)}
