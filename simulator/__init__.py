"""A world with known truth: brand, dealers, consumers, travellers, diverters, cloners."""
