"""Named variants: unusual but compliant servers, each using one freedom of the documentation.

The default server takes one side of each open question, and a variant takes the other. The default server accepts an ack
of an undelivered item (`undelivered-refused` does not) and an ack without a Worker-ID (`polled-id-binds` does not). It
records no worker on ack (`ack-records-worker` does) and returns 404 for malformed ids (`malformed-ids-400` does not).
"""

from .composition import CombinedVariants, combinations, combine_variants, conflicting_group
from .registry import VARIANTS, variants_of
from .variant import Variant

__all__ = [
    "VARIANTS",
    "CombinedVariants",
    "Variant",
    "combinations",
    "combine_variants",
    "conflicting_group",
    "variants_of",
]
