import socket

import pytest

from heatstream import settings
from heatstream.embedded.broker import BrokerServer
from heatstream.ingest import doctor
from heatstream.ingest.diagnosis import Diagnosis, Verdict
from heatstream.ingest.doctor_machine import look_at_machine
from heatstream.rules.pack import SHIPPED


async def examined(database_url: str, port: int) -> dict[str, Diagnosis]:
    found = settings.load({"HEATSTREAM_DATABASE_URL": database_url, "HEATSTREAM_BROKER_PORT": str(port)})
    return {each.check: each for each in await doctor.examine(found)}


@pytest.mark.every_edition
async def test_a_sound_broker_passes(database_url: str, own_broker) -> None:
    server = await own_broker(max_packet_size=16_384)
    found = await examined(database_url, server.port)
    wrong = [each for name, each in found.items() if name.startswith("broker") and each.verdict is Verdict.FAIL]
    assert wrong == []


@pytest.mark.parametrize(
    ("check", "options"),
    [
        ("broker max_inflight_messages", {"max_inflight_messages": 20}),
        ("broker max_inflight_messages", {"max_inflight_messages": 0}),
        ("broker max_packet_size", {"max_packet_size": 1 << 20}),
        ("broker queues for the absent", {"max_queued_messages": 1000}),
    ],
)
async def test_a_broker_that_would_lose_messages_fails(
    database_url: str, own_broker, check: str, options: dict[str, int]
) -> None:
    server = await own_broker(**options)
    assert (await examined(database_url, server.port))[check].verdict is Verdict.FAIL


async def test_an_absent_broker_fails(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert (await examined(database_url, port))["broker"].verdict is Verdict.FAIL


@pytest.mark.parametrize(("window", "verdict"), [("06:00-22:00", Verdict.OK), ("07:00-22:00", Verdict.FAIL)])
def test_settings_that_begin_the_day_at_another_hour_than_the_choices_fail(window: str, verdict: Verdict) -> None:
    found = settings.load(
        {
            "HEATSTREAM_EVALUATE_CHOICES_FILE": str(SHIPPED / "demo-shili.choices.yaml"),
            "HEATSTREAM_EVALUATE_DAY_WINDOW": window,
        }
    )
    told = {each.check: each for each in look_at_machine(found)}["day window of settings and choices"]
    assert told.verdict is verdict


async def test_an_absent_database_fails(broker: BrokerServer) -> None:
    found = await examined("postgresql://nobody@127.0.0.1:1/none", broker.port)
    assert found["database"].verdict is Verdict.FAIL


@pytest.mark.every_edition
async def test_a_server_that_does_not_write_through_fails(database_url: str, broker: BrokerServer) -> None:
    assert (await examined(database_url, broker.port))["fsync"].verdict is Verdict.FAIL


async def test_a_database_that_was_never_migrated_fails(empty_database_url: str, broker: BrokerServer) -> None:
    assert (await examined(empty_database_url, broker.port))["schema"].mend == "heatstream migrate"


async def test_a_database_without_its_city_fails(database_url: str, broker: BrokerServer) -> None:
    assert (await examined(database_url, broker.port))["city"].verdict is Verdict.FAIL


async def test_unsafe_is_exit_code_1(
    database_url: str, broker: BrokerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    found = settings.load({"HEATSTREAM_DATABASE_URL": database_url, "HEATSTREAM_BROKER_PORT": str(broker.port)})
    assert await doctor.main(found, as_json=True) == 1
    assert '"verdict": "fail"' in capsys.readouterr().out
