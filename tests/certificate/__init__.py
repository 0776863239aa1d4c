"""Certificates: made, verified, forged."""
