"""The town's doors: lay it out, write it down, tell its story."""

from simulators.layout import Town, lay_out
from simulators.registry import write_load_registry, write_registry
from simulators.scenario import Scenario, load_scenario
from simulators.story import Story

__all__ = ["Scenario", "Story", "Town", "lay_out", "load_scenario", "write_load_registry", "write_registry"]
