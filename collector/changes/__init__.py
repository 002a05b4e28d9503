"""What every change of a case brings with it, whoever makes it: history, clocks, messages for ticketing, in one transaction."""
