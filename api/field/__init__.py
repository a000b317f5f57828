"""Pages for people on the move: inspectors and warehouse staff. They work without a connection."""
