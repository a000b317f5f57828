"""Asking others to sign for our log: witnesses, and time-stamping authorities."""
