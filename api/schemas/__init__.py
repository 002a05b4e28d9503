"""The shapes of the API's answers, as published in its OpenAPI description. `api.shapes` makes them of domain values."""
