"""Meter readings: fewer and wider than indoor ones, so all of them go through the stage."""

from heatstream.store.stage import shelf
from heatstream.store.tables import meter_conflict, meter_reading

QUANTITIES = (
    "supply_centi",
    "return_centi",
    "flow_l_h",
    "power_w",
    "energy_wh",
    "volume_l",
    "supply_kpa",
    "return_kpa",
    "outdoor_centi",
)
METERS = shelf(meter_reading, meter_conflict, values=(*QUANTITIES, "fault"), told_apart="digest")
