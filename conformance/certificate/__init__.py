"""Certificates: a conformant run as one signed file that anybody can judge again."""
