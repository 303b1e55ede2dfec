"""The pages of the dashboard and of blind review, rendered from what the API offers."""

from __future__ import annotations
