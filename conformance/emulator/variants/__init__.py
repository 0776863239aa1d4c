"""Named variants: servers that are odd and legal, each one use of a freedom that the documentation leaves.

The healthy server stands on one side of each open question, so the other side is what has a name: it takes an ack of
an undelivered item (`undelivered-refused` does not), an ack without a Worker-ID (`polled-id-binds` does not), records
no worker on ack (`ack-records-worker` does) and answers 404 to malformed ids (`malformed-ids-400`).
"""

from .composition import CombinedVariants, combinations, combine_variants, conflicting_group
from .registry import VARIANTS
from .variant import Variant

__all__ = ["VARIANTS", "CombinedVariants", "Variant", "combinations", "combine_variants", "conflicting_group"]
