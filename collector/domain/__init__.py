"""The words of the product as plain values and pure functions. Standard library only; no I/O, no clock of its own."""
