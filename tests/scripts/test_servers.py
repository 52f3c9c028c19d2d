import json
import socket
import stat
from pathlib import Path

import pytest
from homes import Home
from processes import Failure
from servers import DISCREET, HOST, free_port


def test_a_taken_port_is_replaced_by_a_free_one():
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]

        assert free_port(taken) != taken


def test_a_free_port_is_kept():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]

    assert free_port(port) == port


def test_in_containers_the_database_logs_as_little_as_here():
    compose = Path(__file__).resolve().parents[2] / "docker-compose.yml"

    assert all(f"-c, {setting}" in compose.read_text() for setting in DISCREET)


def test_secrets_differ_stay_the_same_and_are_private(tmp_path):
    home = Home(tmp_path)

    owner, app = home.secret("owner"), home.secret("app")

    file = tmp_path / "secrets.json"
    assert owner != app
    assert Home(tmp_path).secret("owner") == owner
    assert json.loads(file.read_text()) == {"owner": owner, "app": app}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_belongs_to_one_process_at_a_time(tmp_path):
    home = Home(tmp_path)
    with home.locked("first"):
        assert home.is_held()
        with pytest.raises(Failure, match="already running"), home.locked("already running"):
            pass

    assert not home.is_held()
