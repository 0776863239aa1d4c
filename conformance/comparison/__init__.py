"""Compares two runs: where two servers, or two states of one, respond differently.

Pure functions of the evidence of two runs. They compare verdicts, observations and the shapes of responses. They ignore
what always differs between two runs against one server: dates, ids, ports, lengths, the words of a message.
"""
