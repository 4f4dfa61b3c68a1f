"""Have an RFC 3161 service confirm that a root was there at a time: a chain that we keep ourselves proves little.

What is stamped is the root's 32 bytes, by SHA-256. An answer is kept only after it was checked: granted, for this very
root and request, signed under a certificate that the operator trusts.
"""

import asyncio
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput, HeatstreamError
from heatstream.settings import Evidence
from heatstream.store import evidence

MOST_BYTES: Final = 1 << 20
"""A token with its certificates is a few thousand bytes."""


class NotStamped(HeatstreamError):
    """The time-stamp service did not answer, or not as it should; the root waits for the next run."""


def trusted(file: Path) -> list[Certificate]:
    """Read the certificates that a service is trusted by.

    Raises
    ------
    BadInput
        The file is not there, or holds none.
    """
    try:
        return load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise BadInput(f"HEATSTREAM_EVIDENCE_TSA_CA_FILE {file}: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"HEATSTREAM_EVIDENCE_TSA_CA_FILE {file}: expected certificates in PEM ({error})") from error


def time_stamp(root: bytes, url: str, certificates: list[Certificate], timeout_s: int) -> bytes:
    """Ask the service for a token over a root; tell the token (DER).

    Raises
    ------
    NotStamped
        It cannot be reached, refuses, or answers what cannot be trusted.
    """
    request = TimestampRequestBuilder().data(root).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = _asked(url, request.as_bytes(), timeout_s)
    builder = VerifierBuilder.from_request(request)
    for certificate in certificates:
        builder = builder.add_root_certificate(certificate)
    try:
        response = decode_timestamp_response(answer)
        builder.build().verify_message(response, root)
    except (ValueError, VerificationError) as error:
        raise NotStamped(f"{url}: its answer cannot be trusted: {error}") from error
    return response.time_stamp_token()


def _asked(url: str, question: bytes, timeout_s: int) -> bytes:
    request = Request(url, question, {"Content-Type": "application/timestamp-query"})  # noqa: S310  (settings: http(s))
    try:
        with urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            found: bytes = answer.read(MOST_BYTES)
    except (URLError, HTTPException, OSError) as error:
        raise NotStamped(f"{url}: {error}") from error
    return found


async def stamp_roots(conn: AsyncConnection, settings: Evidence) -> str:
    """Have the roots without a time stamp confirmed, the oldest first; tell what was done.

    One that fails ends it, for the service is the same for all; what was stamped before stays.

    Raises
    ------
    NotStamped
        Not even the first one was.
    """
    if settings.tsa_url is None or settings.tsa_ca_file is None:
        return "nothing is stamped: HEATSTREAM_EVIDENCE_TSA_URL is not set"
    certificates, waiting = trusted(settings.tsa_ca_file), await evidence.unstamped(conn)
    for stamped, root in enumerate(waiting):
        try:
            token = await asyncio.to_thread(
                time_stamp, root.root, settings.tsa_url, certificates, settings.tsa_timeout_s
            )
        except NotStamped as error:
            if not stamped:
                raise
            return f"stamped {stamped} roots, {len(waiting) - stamped} wait: {error}"
        await evidence.keep_stamp(conn, root.id, token, settings.tsa_url)
    return f"stamped {len(waiting)} roots"
