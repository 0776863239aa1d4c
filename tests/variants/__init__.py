"""Odd but legal servers: none is failed, alone or with others; and the front that some of them live in."""
