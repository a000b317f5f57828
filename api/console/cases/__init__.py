"""The rooms where compliance works on cases: the list, one case, and a dealer's questions."""
