"""Every variant there is, by its id."""

from collections.abc import Mapping

from .arranging import ARRANGING
from .deciding import DECIDING
from .identifiers import IDENTIFIERS
from .lagging import LAGGING
from .spelling import SPELLING
from .variant import Variant
from .weather import WEATHER
from .wiring import WIRING

VARIANTS: Mapping[str, Variant] = {
    variant.id: variant for variant in (*IDENTIFIERS, *DECIDING, *ARRANGING, *LAGGING, *SPELLING, *WEATHER, *WIRING)
}
"""In the order in which they are applied: what is nearer to the wire comes later."""
