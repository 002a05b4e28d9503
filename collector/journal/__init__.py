"""The durable, ordered record of everything that arrived; the seam between receive and process. See interface.py."""
