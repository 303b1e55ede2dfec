"""HTTP: routes, keys, problem documents. Everything here is thin; the work is done in services."""
