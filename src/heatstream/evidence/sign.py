"""Who signs a bundle: a provider of keys, of which Ed25519 from a file is one.

A provider may keep its key elsewhere and call out for each signature (a CA's SM2 service): hence `sign` is awaited, and
nothing outside this module knows what a key looks like.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heatstream.errors import BadInput
from heatstream.settings import Evidence

OTHERS_BITS: Final = 0o077


class Signer(Protocol):
    """Signs bytes under one key."""

    @property
    def name(self) -> str:
        """Whose key it is, for a person."""
        ...

    @property
    def algorithm(self) -> str:
        """What `signature.json` calls it."""
        ...

    @property
    def public_key(self) -> bytes:
        """In the algorithm's own form."""
        ...

    async def sign(self, content: bytes) -> bytes:
        """Sign; may ask another machine."""
        ...


@dataclass(frozen=True, slots=True)
class Ed25519:
    """A key that a file holds."""

    name: str
    key: Ed25519PrivateKey
    algorithm: str = "ed25519"

    @classmethod
    def from_file(cls, file: Path, name: str) -> Self:
        """Read a private key, PKCS #8 in PEM, that its owner alone may read.

        Raises
        ------
        BadInput
            The file is not there, may be read by others, or holds no Ed25519 key.
        """
        try:
            mode, pem = file.stat().st_mode, file.read_bytes()
        except OSError as error:
            raise BadInput(
                f"key file {file}: {error.strerror}; `heatstream evidence key create` makes one",
                zh=f"密钥文件 {file}：{error.strerror}；可用 `heatstream evidence key create` 生成",
            ) from error
        if mode & OTHERS_BITS:
            raise BadInput(
                f"key file {file}: others may read it (mode {mode & 0o777:04o}), expected 0600",
                zh=f"密钥文件 {file}：他人可读（权限 {mode & 0o777:04o}），应为 0600",
            )
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise BadInput(
                f"key file {file}: expected a private key in PEM without a passphrase ({error})",
                zh=f"密钥文件 {file}：应为未加密码的 PEM 格式私钥（{error}）",
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise BadInput(
                f"key file {file}: seen {type(key).__name__}, expected an Ed25519 key",
                zh=f"密钥文件 {file}：密钥类型为 {type(key).__name__}，应为 Ed25519",
            )
        return cls(name, key)

    @property
    def public_key(self) -> bytes:
        """The raw 32 bytes of RFC 8032."""
        return self.key.public_key().public_bytes_raw()

    async def sign(self, content: bytes) -> bytes:
        """Give the 64 bytes of RFC 8032: the same content has the same signature."""
        return self.key.sign(content)


def create_key(file: Path) -> bytes:
    """Make a private key that its owner alone can read; tell its public key.

    Raises
    ------
    BadInput
        The file is there already, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        place = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInput(f"{file} is there already: a key that signed something is never overwritten") from None
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error
    with os.fdopen(place, "wb") as out:
        out.write(pem)
    return key.public_key().public_bytes_raw()


def _ed25519(settings: Evidence) -> Signer | None:
    if settings.key_file is None:
        return None
    return Ed25519.from_file(settings.key_file, settings.signer or "")


PROVIDERS: Final[Mapping[str, Callable[[Evidence], Signer | None]]] = {"ed25519": _ed25519}


def signer_of(settings: Evidence) -> Signer | None:
    """Find who signs by the settings; None = bundles are not signed.

    Raises
    ------
    BadInput
        The key cannot be used.
    """
    return PROVIDERS[settings.provider](settings)
