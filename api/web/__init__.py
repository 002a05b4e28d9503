"""The page for engineers and the NOC under `/`: server-rendered, in Spanish and English. What it does to cases it does through
`collector.actions`, as the API does."""
