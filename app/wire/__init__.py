"""The JSON shapes users meet; the API and the client share them, neither FastAPI nor SQL is known here."""
