"""What the house knows of EPCIS 2.0 and CBV 2.0: documents, vocabulary, validity, event hashes."""
