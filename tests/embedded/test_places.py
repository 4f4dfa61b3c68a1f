import os
import pwd
from pathlib import Path

import pytest

from heatstream.embedded.places import Account, alone, data_folder, make_folder, reachable, reachable_or

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account for its servers")


@pytest.fixture
def nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account("nobody", entry.pw_uid, entry.pw_gid)


def test_a_folder_below_a_closed_one_is_not_reachable(scratch: Path, nobody: Account) -> None:
    closed = make_folder(scratch / "closed/open")
    closed.parent.chmod(0o700)
    assert not reachable(closed, nobody)


def test_a_folder_that_is_not_there_yet_is_as_reachable_as_its_parent(scratch: Path, nobody: Account) -> None:
    assert reachable(scratch / "not/yet/there", nobody)


def test_ourselves_reach_everything(scratch: Path) -> None:
    assert reachable(scratch / "closed/open", None)


def test_folders_are_made_so_that_they_can_be_walked_whatever_the_umask(scratch: Path, nobody: Account) -> None:
    before = os.umask(0o077)
    try:
        assert reachable(make_folder(scratch / "umask/below"), nobody)
    finally:
        os.umask(before)


@AS_ROOT
def test_what_the_servers_cannot_reach_goes_elsewhere(tmp_path: Path, scratch: Path) -> None:
    tmp_path.chmod(0o700)
    assert reachable_or(tmp_path / "data", scratch).parent == scratch


@AS_ROOT
def test_two_folders_never_share_their_elsewhere(tmp_path: Path, scratch: Path) -> None:
    tmp_path.chmod(0o700)
    assert reachable_or(tmp_path / "one", scratch) != reachable_or(tmp_path / "two", scratch)


def test_data_stay_where_they_can_be_reached(scratch: Path) -> None:
    assert data_folder(scratch / "data") == scratch / "data"


def test_a_folder_has_one_holder(scratch: Path) -> None:
    with alone(scratch / "held"), pytest.raises(BlockingIOError), alone(scratch / "held", wait=False):
        pass
