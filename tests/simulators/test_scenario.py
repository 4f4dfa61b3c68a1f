"""A scenario file says what happens, or why it cannot."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

import simulators
from simulators.errors import ScenarioError
from simulators.scenario import load_scenario, schema, schema_text

FOLDER = Path(simulators.__file__).parent
SHIPPED = sorted((FOLDER / "scenarios").glob("*.yaml"))


def test_the_published_schema_is_that_of_the_models() -> None:
    assert (FOLDER / "scenario.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_keeps_the_published_schema(path: Path) -> None:
    published = json.loads((FOLDER / "scenario.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(
        json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str)), published
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_is_named_as_its_file(path: Path) -> None:
    assert load_scenario(path).name == path.stem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x", "seed: Field required"),
        ("{name: x, seed: 1, homes: 3}", "homes: Extra inputs are not permitted"),
        ("{name: x, seed: 1, upload_minutes: 45}", "upload_minutes is 45"),
        ("{name: x, seed: 1, faults: [{fault: late, share: 2}]}", "share: Input should be less than or equal to 1"),
        ("{name: x, seed: 1, faults: [{fault: flood}]}", "does not match any of the expected tags"),
        (
            "{name: x, seed: 1, shape: columnar, faults: [{fault: junk, share: 0.1, kinds: [value_unreadable]}]}",
            "shape columnar cannot carry junk",
        ),
        (
            "{name: x, seed: 1, faults: [{fault: sensor_runs_ahead, share: 0.1, amount: 20}]}",
            "sensor_runs_ahead by 20.0 min meets the next samples' instants",
        ),
        ("{name: x", "cannot be read as a scenario"),
    ],
)
def test_a_wrong_scenario_is_told_where_and_why(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as seen:
        load_scenario(path)
    assert told in str(seen.value)
    assert str(path) in str(seen.value)


def test_a_scenario_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read as a scenario"):
        load_scenario(tmp_path / "absent.yaml")
