"""Checks an evidence bundle offline, by itself: it imports nothing of Tracewarden's.

Read it in this order: ``tree`` holds RFC 6962, ``signatures`` and ``notes`` the C2SP signed notes,
``timestamps`` RFC 3161, ``trust`` what the caller trusts, ``container`` and ``files`` the zip,
``openings`` what entries commit to, ``anchors`` what others signed, ``bundle`` what a bundle must
be, and ``command`` the command line. The only dependency is ``cryptography``, for signatures and
certificates. ``verify.html`` does the same in a browser.
"""

from verifier.bundle import verify_bundle, verify_file
from verifier.result import Problem, Result
from verifier.trust import Trust, read_trust

__all__ = ["Problem", "Result", "Trust", "read_trust", "verify_bundle", "verify_file"]
