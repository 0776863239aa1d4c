"""Proof that every check can fail and that no correct server does: the suite on broken and on odd servers."""
