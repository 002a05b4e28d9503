"""The paths of the API, one module per noun: parse, call actions or a repository, shape the answer."""
