"""Backups of an installation: the store, the journal and the settings in one directory, and the way back."""
