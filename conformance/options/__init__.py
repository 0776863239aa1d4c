"""The table of all settings of a run, and their environment variables."""

from conformance.options.option import PREFIX, Kind, Option, Part
from conformance.options.table import CONNECTION_PARTS, OPTIONS, option_names
from conformance.options.variables import ALLUREDIR, TOKENS, VARIABLES, check_variables, is_blank

__all__ = [
    "ALLUREDIR",
    "CONNECTION_PARTS",
    "OPTIONS",
    "PREFIX",
    "TOKENS",
    "VARIABLES",
    "Kind",
    "Option",
    "Part",
    "check_variables",
    "is_blank",
    "option_names",
]
