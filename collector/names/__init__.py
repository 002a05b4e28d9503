"""Names for OIDs: what comes with the collector, what an administrator loads from MIB files, and looking them up."""
