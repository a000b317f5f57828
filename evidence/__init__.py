"""Proof: the log's entries, its tree, its signed notes and tiles, and what a bundle holds."""
