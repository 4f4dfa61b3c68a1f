"""Water's density and heat as IAPWS publishes them, and what a flow of it gives up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.core.water import MOST_CENTI, Pipe, enthalpy_j_kg, heat_flow_w, specific_volume_m3_kg

# IAPWS R7-97(2012), table 5: the values to verify a program of region 1 with, 9 digits: K, MPa, m³/kg, kJ/kg.
PUBLISHED = [
    (300, 3, 0.100215168e-2, 0.115331273e3),
    (300, 80, 0.971180894e-3, 0.184142828e3),
    (500, 3, 0.120241800e-2, 0.975542239e3),
]


@pytest.mark.parametrize(("kelvin", "mpa", "volume", "enthalpy"), PUBLISHED)
def test_volume_and_enthalpy_are_the_published_ones(kelvin: int, mpa: float, volume: float, enthalpy: float) -> None:
    at = np.array([float(kelvin)])
    assert f"{specific_volume_m3_kg(at, mpa)[0]:.8e}" == f"{volume:.8e}"
    assert f"{enthalpy_j_kg(at, mpa)[0] / 1000:.8e}" == f"{enthalpy:.8e}"


def one(flow: int, supply: int, back: int, pipe: Pipe = Pipe.RETURN) -> int:
    return int(heat_flow_w(np.array([flow]), np.array([supply]), np.array([back]), pipe)[0])


def test_a_cubic_metre_an_hour_gives_up_what_the_standard_equation_says() -> None:
    # By another program of IAPWS-IF97 (iapws 1.5.5), 1.6 MPa: 70 °C 294.30073 kJ/kg; 40 °C 168.95211 kJ/kg, 992.87904
    # kg/m³; (294.30073 − 168.95211) × 992.87904 / 3600 = 34.57112 kW.
    assert one(1000, 7000, 4000) == 34_571


def test_the_same_flow_metered_in_the_supply_is_less_heat_by_the_density() -> None:
    in_supply, in_return = one(100_000, 9000, 4000, Pipe.SUPPLY), one(100_000, 9000, 4000)
    volume = specific_volume_m3_kg(np.array([363.15, 313.15]), 1.6)
    assert in_supply / in_return == pytest.approx(volume[1] / volume[0], rel=1e-6)


def test_a_return_warmer_than_the_supply_takes_heat() -> None:
    assert one(1000, 4000, 7000, Pipe.SUPPLY) == -one(1000, 7000, 4000, Pipe.RETURN)


@pytest.mark.parametrize("centi", [-1, MOST_CENTI + 1])
def test_what_is_no_liquid_water_is_refused(centi: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 150"):
        one(1000, centi, 4000)


@given(st.integers(0, MOST_CENTI - 1), st.integers(0, MOST_CENTI), st.sampled_from(Pipe))
def test_warmer_supply_is_never_less_heat_while_the_return_is_metered(supply: int, back: int, pipe: Pipe) -> None:
    assert one(1_000_000, supply + 1, back, Pipe.RETURN) > one(1_000_000, supply, back, Pipe.RETURN)
    assert one(0, supply, back, pipe) == 0
