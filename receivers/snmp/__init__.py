"""Takes SNMP notifications from UDP sockets into the journal; `message` decodes them, for the pipeline as well."""
