"""The composition root: Settings become an App. The only place that chooses adapters."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.vault import Vault
from app.settings import Settings
from app.store.database import Database


class SettingMissing(SystemExit):
    """A setting without which nothing can start; ends the process with one readable line."""


@dataclass(frozen=True, slots=True)
class App:
    """What every process of the service stands on."""

    settings: Settings
    database: Database
    vault: Vault

    async def close(self) -> None:
        await self.database.close()


async def build(settings: Settings) -> App:
    """Connect to what the settings name; SettingMissing says which setting is not there."""
    return App(
        settings,
        Database(_needed(settings, "database_url"), connections=settings.database_connections),
        Vault(_needed(settings, "secret_key")),
    )


def _needed(settings: Settings, name: str) -> str:
    secret = getattr(settings, name)
    if secret is None:
        raise SettingMissing(f"set TRACEJUDGE_{name.upper()} (tracejudge up sets it for the embedded stack)")
    value: str = secret.get_secret_value()
    return value
