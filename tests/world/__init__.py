"""A whole service of real processes for tests and benchmarks: PostgreSQL, Valkey, API, workers, stub judge."""
