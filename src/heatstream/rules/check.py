"""Check a file that a person wrote, told by its schema: a pack, choices, a supplement, holidays, supervision rules."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from heatstream.errors import BadInput
from heatstream.rules import choices, exact_yaml, holidays, pack, policy, supplement
from heatstream.rules.capability import Capability, capabilities
from heatstream.rules.supervision import file as supervision
from heatstream.rules.supervision.file import SECTIONS
from heatstream.rules.tiers import refuse_reversed


def check(path: Path, packs_dir: Path | None) -> list[str]:
    """Say what a file is and what it serves, a line each.

    Raises
    ------
    BadInput
        It has faults, each by file, line and field; or its schema is none there is.
    MissingChoices
        It is a choices file that leaves open what judging days needs.
    """
    schema = str(exact_yaml.read(path).get("schema"))
    if schema not in CHECKS:
        line = exact_yaml.Lines(path).of(("schema",))
        raise BadInput(f"{path}:{line} schema: seen {schema!r}, expected one of {', '.join(CHECKS)}")
    return list(CHECKS[schema](path, packs_dir))


def _pack(path: Path, _: Path | None) -> Iterator[str]:
    found = pack.load(path)
    refuse_reversed(found)
    yield f"pack {found.id}: {found.place}"
    yield from map(told, capabilities(found))


def _choices(path: Path, packs_dir: Path | None) -> Iterator[str]:
    found = policy.load(path, packs_dir)
    yield f"{found.place}: policy {found.hash.hex()[:16]} {found.watermark or ''}".rstrip()
    for law in found.laws:
        yield f"{law.pack.id} from {law.begins} to {law.ends or 'now'}"
        yield from map(told, capabilities(law.pack, law.choices))


def _supplement(path: Path, packs_dir: Path | None) -> Iterator[str]:
    found = supplement.load(path)
    yield f"supplement to {found.pack}: {', '.join(found.values)}"
    for part in supplement.overlaid(pack.find(found.pack, policy.folders(packs_dir)), found):
        refuse_reversed(part)
        yield f"{part.id} from {part.effective_from} to {part.effective_to or 'now'}"
        yield from map(told, capabilities(part))


def _holidays(path: Path, _: Path | None) -> Iterator[str]:
    found = holidays.read(path)
    yield f"holidays of {found.year}: {found.title} {found.doc_no}"


def _supervision(path: Path, _: Path | None) -> Iterator[str]:
    found = supervision.load(path)
    version = f"version {found.version}, {found.hash.hex()[:16]}"
    yield f"supervision of {found.place}: {version} {found.watermark or ''}".rstrip()
    for name in SECTIONS:
        yield f"  {name}: {'there' if getattr(found, name) is not None else 'absent: what needs it refuses'}"


CHECKS: Mapping[str, Callable[[Path, Path | None], Iterator[str]]] = {
    pack.SCHEMA: _pack,
    choices.SCHEMA: _choices,
    supplement.SCHEMA: _supplement,
    holidays.SCHEMA: _holidays,
    supervision.SCHEMA: _supervision,
}


def told(capability: Capability) -> str:
    """Write a capability as a line: ready, what must be chosen, or what nobody could read."""
    what = {"ready": "ready", "choices": "to be chosen: ", "absent": "absent: "}[capability.state]
    what_if = " (what-if only: not everything was read in the instrument)" if capability.what_if else ""
    return f"  {capability.name}{what_if}: {what}{capability.why}"
