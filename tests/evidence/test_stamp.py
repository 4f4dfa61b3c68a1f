"""A root is confirmed by a real RFC 3161 service (openssl's), and what cannot be trusted is not kept."""

import subprocess
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import BadInput
from heatstream.evidence.stamp import NotStamped, stamp_roots, time_stamp, trusted
from heatstream.settings import Evidence
from heatstream.store import evidence

ROOT = sha256(b"root").digest()
STAMP = b"as openssl answers"
CONFIG = """
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[req]
distinguished_name = name
prompt = no
[name]
CN = test
[extensions]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
"""


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(folder: Path) -> None:
    """Make a CA, and under it the certificate of a time-stamp service."""
    folder.mkdir()
    config = folder / "openssl.cnf"
    config.write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01")
    new = ("req", "-config", config, "-newkey", "rsa:2048", "-nodes")
    ca, key = folder / "ca.pem", folder / "ca.key"
    openssl(*new, "-x509", "-extensions", "root", "-subj", "/CN=ca", "-keyout", key, "-out", ca)
    openssl(*new, "-subj", "/CN=tsa", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr")
    signed = ("-CA", ca, "-CAkey", key, "-CAcreateserial", "-extfile", config, "-extensions", "extensions")
    openssl("x509", "-req", "-in", folder / "tsa.csr", *signed, "-out", folder / "tsa.pem")


class Service(ThreadingHTTPServer):
    """Answers by `openssl ts`; `answers` stand instead, one after the other."""

    def __init__(self, authority: Path) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.authority = authority
        self.answers: list[bytes] = []
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Asked(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/timestamp-query"
        question = self.server.authority / "question.tsq"
        question.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        answer = self.server.answers.pop() if self.server.answers else STAMP
        answer = self._stamped(question) if answer is STAMP else answer
        self.send_response(200 if answer else 503)
        self.end_headers()
        self.wfile.write(answer)

    def _stamped(self, question: Path) -> bytes:
        answer, config = question.with_suffix(".tsr"), self.server.authority / "openssl.cnf"
        openssl("ts", "-reply", "-config", config, "-queryfile", question, "-out", answer)
        return answer.read_bytes()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two CAs, each with a time-stamp service: one is trusted, one is not."""
    folder = tmp_path_factory.mktemp("authorities")
    make_authority(folder / "ours")
    make_authority(folder / "other")
    return folder


@pytest.fixture
def service(authorities: Path) -> Iterator[Service]:
    with Service(authorities / "ours") as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def asked(service: Service, authorities: Path, trust: str = "ours") -> bytes:
    return time_stamp(ROOT, service.url, trusted(authorities / trust / "ca.pem"), 5)


def settings(service: Service, authorities: Path) -> Evidence:
    return Evidence(tsa_url=service.url, tsa_ca_file=authorities / "ours" / "ca.pem", tsa_timeout_s=5)


def test_a_token_is_verified_by_openssl_as_the_manual_says(service: Service, authorities: Path, tmp_path: Path) -> None:
    (tmp_path / "token.der").write_bytes(asked(service, authorities))
    verify = ("ts", "-verify", "-token_in", "-in", tmp_path / "token.der", "-CAfile", authorities / "ours" / "ca.pem")
    openssl(*verify, "-digest", sha256(ROOT).hexdigest())
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify, "-digest", sha256(b"another").hexdigest())


def test_a_service_under_another_authority_is_not_believed(service: Service, authorities: Path) -> None:
    with pytest.raises(NotStamped, match="its answer cannot be trusted"):
        asked(service, authorities, trust="other")


def test_an_answer_to_another_question_is_not_believed(service: Service, authorities: Path) -> None:
    asked(service, authorities)
    service.answers.append((authorities / "ours" / "question.tsr").read_bytes())
    with pytest.raises(NotStamped, match="its answer cannot be trusted: Nonce mismatch"):
        asked(service, authorities)


def test_an_answer_that_is_none_is_not_believed(service: Service, authorities: Path) -> None:
    service.answers.append(b"<html>please pay</html>")
    with pytest.raises(NotStamped, match="its answer cannot be trusted"):
        asked(service, authorities)


def test_a_service_that_is_away_is_told_by_its_address(authorities: Path) -> None:
    with pytest.raises(NotStamped, match=r"http://127\.0\.0\.1:9/: .*refused"):
        time_stamp(ROOT, "http://127.0.0.1:9/", trusted(authorities / "ours" / "ca.pem"), 5)


async def add_roots(engine: AsyncEngine, count: int) -> None:
    async with engine.begin() as conn:
        for number in range(count):
            await evidence.add_root(conn, number, 1, sha256(b"%d" % number).digest())


async def stamp(engine: AsyncEngine, found: Evidence) -> str:
    async with engine.begin() as conn:
        return await stamp_roots(conn, found)


async def stamped(engine: AsyncEngine) -> list[bool]:
    """By root, the oldest first."""
    async with engine.begin() as conn:
        return [root.time_stamp is not None for root in reversed(await evidence.roots(conn))]


@pytest.mark.every_edition
async def test_every_root_is_stamped_once(engine: AsyncEngine, service: Service, authorities: Path) -> None:
    await add_roots(engine, 2)
    assert await stamp(engine, settings(service, authorities)) == "stamped 2 roots"
    assert await stamp(engine, settings(service, authorities)) == "stamped 0 roots"
    assert service.asked == 2
    async with engine.begin() as conn:
        assert {root.time_stamped_by for root in await evidence.roots(conn)} == {service.url}


async def test_what_failed_is_tried_again_at_the_next_run(
    engine: AsyncEngine, service: Service, authorities: Path
) -> None:
    await add_roots(engine, 2)
    service.answers.append(b"")
    with pytest.raises(NotStamped, match="HTTP Error 503"):
        await stamp(engine, settings(service, authorities))
    assert await stamped(engine) == [False, False]
    await stamp(engine, settings(service, authorities))
    assert await stamped(engine) == [True, True]


async def test_what_was_stamped_before_a_failure_stays(
    engine: AsyncEngine, service: Service, authorities: Path
) -> None:
    await add_roots(engine, 3)
    service.answers += [b"", STAMP]
    done = await stamp(engine, settings(service, authorities))
    assert done == f"stamped 1 roots, 2 wait: {service.url}: HTTP Error 503: Service Unavailable"
    assert await stamped(engine) == [True, False, False]


async def test_without_a_service_nothing_is_stamped(engine: AsyncEngine) -> None:
    await add_roots(engine, 1)
    assert await stamp(engine, Evidence()) == "nothing is stamped: HEATSTREAM_EVIDENCE_TSA_URL is not set"


@pytest.mark.parametrize(("content", "told"), [(None, "No such file"), ("no", "expected certificates in PEM")])
def test_trust_that_cannot_be_read_is_told(tmp_path: Path, content: str | None, told: str) -> None:
    if content:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(BadInput, match=told):
        trusted(tmp_path / "ca.pem")


def test_a_service_is_reached_over_http_alone(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="expected http:// or https://"):
        Evidence(tsa_url="file:///etc/passwd", tsa_ca_file=tmp_path / "ca.pem")
