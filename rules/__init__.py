"""What is wrong: one rule a file, its card (``.toml``) beside it."""
