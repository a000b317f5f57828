"""Where: coordinate systems, territories, corridors, uncertainty."""
