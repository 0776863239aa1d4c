"""Servers made by hand: broken ones that must be caught at just what they break, and odd ones that are legal."""
