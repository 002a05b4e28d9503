"""The customers file: reading it strictly, comparing it with the store, importing it."""
