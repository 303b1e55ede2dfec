"""The vault: judges' API keys are encrypted before they are stored, and decrypted only to make a call."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.domain.errors import Unavailable


class Vault:
    """Encrypts with the first of the keys and decrypts with any, so that a key can be replaced.

    `secret_key`: Fernet keys (44 characters each), comma separated. ValueError when one is not a key.
    """

    def __init__(self, secret_key: str) -> None:
        self._keys = MultiFernet([Fernet(key.strip()) for key in secret_key.split(",")])

    def encrypt(self, secret: str) -> bytes:
        return self._keys.encrypt(secret.encode())

    def decrypt(self, sealed: bytes) -> str:
        """The secret. Unavailable when none of the keys made it: somebody has to put the old key back."""
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken:
            raise Unavailable("a stored judge key was encrypted with another TRACEJUDGE_SECRET_KEY") from None
