"""Checks an evidence bundle offline, by itself: it imports nothing of Tracewarden's.

``tree`` holds RFC 6962, ``notes`` the C2SP signed notes, ``bundle`` what a bundle must be, and
``command`` the command line. The only dependency is ``cryptography``, for the signatures.
"""

from verifier.bundle import Problem, Result, verify_bundle
from verifier.notes import Trust, read_trust

__all__ = ["Problem", "Result", "Trust", "read_trust", "verify_bundle"]
