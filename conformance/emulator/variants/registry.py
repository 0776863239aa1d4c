"""Collects every variant by id."""

from collections.abc import Mapping

from .behaviour import BEHAVIOUR
from .http_framing import HTTP_FRAMING
from .identifiers import IDENTIFIERS
from .network_conditions import NETWORK_CONDITIONS
from .read_lag import READ_LAG
from .serialization import SERIALIZATION
from .setup_api import SETUP_API
from .variant import Variant

VARIANTS: Mapping[str, Variant] = {
    variant.id: variant
    for variant in (*IDENTIFIERS, *BEHAVIOUR, *SETUP_API, *READ_LAG, *SERIALIZATION, *NETWORK_CONDITIONS, *HTTP_FRAMING)
}
"""In the order of application: those nearer to the network come later."""
