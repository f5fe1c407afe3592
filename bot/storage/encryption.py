"""Encryption of the secrets that are stored: Spotify's tokens and the verifiers of sign-ins."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.storage.errors import StorageError

_MALFORMED = (
    "An encryption key cannot be used: a key is 32 bytes in URL-safe base64 (44 characters ending in =), "
    "several are separated by commas; correct CROSSFADE_ENCRYPTION_KEYS or the key file."
)


class UnreadableSecret(StorageError):
    """A secret was encrypted with a key that is not among those given."""

    def __init__(self) -> None:
        super().__init__(
            "The stored Spotify tokens were encrypted with another key: put that key back, after the new one, "
            "or let members link Spotify again with /connect."
        )


class TokenCipher:
    """Encrypts with the first key and decrypts with any, so that a key can be changed without losing tokens.

    Fernet is AES-128-CBC with HMAC-SHA256: https://cryptography.io/en/latest/fernet/

    Args:
        keys: Fernet keys, the newest first.

    Raises:
        StorageError: there is none, or one is malformed.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise StorageError(
                "There is no key to encrypt Spotify tokens with: put one into CROSSFADE_ENCRYPTION_KEYS, "
                "or leave that unset to have one made."
            )
        try:
            fernets = [Fernet(key.strip()) for key in keys]
        except ValueError:
            raise StorageError(_MALFORMED) from None
        self._newest, self._fernet = fernets[0], MultiFernet(fernets)

    def encrypt(self, secret: str) -> str:
        """Return the cipher text, a different one each time."""
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, cipher_text: str) -> str:
        """Return the secret.

        Raises:
            UnreadableSecret: none of the keys fits.
        """
        try:
            return self._fernet.decrypt(cipher_text.encode()).decode()
        except InvalidToken:
            raise UnreadableSecret from None

    def is_newest(self, cipher_text: str) -> bool:
        """Say whether the newest key, the first, encrypted it."""
        try:
            self._newest.decrypt(cipher_text.encode())
        except InvalidToken:
            return False
        return True


def new_key() -> str:
    """Return a fresh random key."""
    return Fernet.generate_key().decode()


def load_or_create_key(path: Path) -> str:
    """Return the key in a file, which only the owner can read; a new one is made if there is none.

    Of several processes that start at once, one makes the key and all return the same: the file appears whole, by a
    hard link that fails when another was first.

    Args:
        path: the key file; its folder is made when missing.

    Raises:
        StorageError: the file cannot be read or made, or holds no key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create_key(path)
        key = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise StorageError(f"The key file {path} cannot be used: {error.strerror or error}.") from error
    try:
        Fernet(key)
    except ValueError:
        raise StorageError(
            f"The file {path} holds no encryption key: put the right one back, "
            "or delete the file and let members link Spotify again with /connect."
        ) from None
    return key


def _create_key(path: Path) -> None:
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{new_key()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        os.unlink(draft)
