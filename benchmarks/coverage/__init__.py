"""Whether intervals hold the truth as often as they say: the goals at the end of docs/statistics.md, by simulation."""
