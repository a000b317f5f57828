"""What a code is: identifiers, serials, key ring, signatures, QR and labels. Pure."""
