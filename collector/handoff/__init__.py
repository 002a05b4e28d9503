"""What ticketing is told and what it answers. Which change causes a message is collector.changes' part."""
