"""Certificates: a conformant run as one signed file that can be judged again."""
