"""The EPCIS 2.0 REST interface: capture, capture jobs, and queries."""
