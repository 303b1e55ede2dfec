"""The Celery side: it only rings doorbells and gives slices their threads. The database decides."""
