"""Two runs side by side: where two servers, or two states of one, answer differently.

Pure functions of the evidence of two runs. Compared are verdicts, observations and the shapes of the answers; what two
runs against one server never share (dates, ids, ports, lengths, the words of a message) is not.
"""
