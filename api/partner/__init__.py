"""What partners' systems call: batches of events in, alerts and signals out, with an API key."""
