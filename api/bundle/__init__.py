"""Taking a case out: what belongs to it, told in words, as one file that a stranger can check."""
