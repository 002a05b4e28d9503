"""From domain values to the shapes of `api.schemas`."""
