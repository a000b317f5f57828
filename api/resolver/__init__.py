"""The service as a GS1-Conformant Resolver for its codes (GS1-Conformant Resolver standard 1.2)."""
