"""The derivation: what the pages say, and what becomes of it."""
