"""What somebody with a phone sees: the printed address, the verdict, location, and reports."""
