"""What the format redoxfs is made of: its hash, and the ring of headers."""
