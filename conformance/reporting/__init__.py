"""Turns a run record into files and terminal lines: pure functions, one module per format.

Text from the target is data in every format: it cannot become markup, a terminal escape or a build server command,
and it cannot make a file malformed.
"""
