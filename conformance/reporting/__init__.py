"""From a run record to files and lines: pure, one module per format.

Everything in a record that came from the target is data: no format lets it become markup, a terminal escape or
a control line of a build server, and no format can be made malformed by it.
"""
