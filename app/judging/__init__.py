"""The only code that talks to judge endpoints."""
