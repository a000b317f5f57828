"""The HTTP service: consumers' pages, partners' endpoints, the console of compliance."""
