"""Every setting of a run, in one table, and the environment variables that give them."""

from conformance.options.table import OPTIONS, PREFIX, REACHING, Kind, Option, Part, names_of
from conformance.options.variables import ALLUREDIR, TOKENS, VARIABLES, check_variables, is_blank

__all__ = [
    "ALLUREDIR",
    "OPTIONS",
    "PREFIX",
    "REACHING",
    "TOKENS",
    "VARIABLES",
    "Kind",
    "Option",
    "Part",
    "check_variables",
    "is_blank",
    "names_of",
]
