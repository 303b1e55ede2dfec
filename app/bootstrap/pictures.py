"""What the settings say about pictures, in the words of the services."""

from __future__ import annotations

from app.services.pictures import FetchGuard, ImageLimits
from app.settings import Settings


def image_limits(settings: Settings) -> ImageLimits:
    """How large a picture may be."""
    return ImageLimits(settings.max_image_bytes, settings.max_image_pixels)


def fetch_guard(settings: Settings) -> FetchGuard:
    """From where pictures may be fetched, and how long that may take."""
    return FetchGuard(
        settings.image_hosts, settings.image_fetch_seconds, settings.max_image_bytes, settings.image_max_redirects
    )
