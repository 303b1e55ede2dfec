"""A scripted judge: a real HTTP server that speaks chat completions, for tests, benchmarks and trying things."""
