"""Order and time: subjects, windows, folds and the effective set of signals."""
