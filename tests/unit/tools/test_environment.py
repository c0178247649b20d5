"""The environment of the two commands: made whole or not at all, by whatever the machine offers."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.tools.conftest import Clone

DEV = Path(__file__).parents[3] / "tools" / "dev.py"


def test_makes_a_whole_environment_with_uv(clone: Clone, uv_path: str) -> None:
    assert_made_whole(clone, path=uv_path)


def test_makes_a_whole_environment_with_venv(clone: Clone, bare_path: str) -> None:
    if not clone.can("ensurepip"):
        pytest.skip("this Python has no ensurepip")
    assert_made_whole(clone, path=bare_path)


def test_makes_a_whole_environment_with_the_systems_pip(clone: Clone, bare_path: str) -> None:
    if not clone.can("pip"):
        pytest.skip("this Python has no pip")
    assert_made_whole(clone, path=bare_path, hide="ensurepip")


def assert_made_whole(clone: Clone, *, path: str, hide: str = "") -> None:
    made = clone.call("run", "--port", "0", path=path, hide=hide)
    assert made.returncode == 0, made.stderr
    assert made.stdout == "1.0 demo --port 0\n"
    assert clone.installed() == "1.0"
    assert (clone.folder / ".venv").is_symlink()
    assert len(clone.environments()) == 1


def test_a_repeat_run_needs_no_index_and_no_installer(clone: Clone, uv_path: str, bare_path: str) -> None:
    assert clone.call("env", path=uv_path).returncode == 0
    shutil.rmtree(clone.wheels)
    again = clone.call("run", path=bare_path, hide="ensurepip pip venv")
    assert (again.returncode, again.stdout, again.stderr) == (0, "1.0 demo\n", "")


def test_a_moved_clone_keeps_its_environment(clone: Clone, uv_path: str) -> None:
    assert clone.call("run", path=uv_path).returncode == 0
    moved = replace(clone, folder=clone.folder.rename(clone.folder.with_name("moved")))
    shutil.rmtree(moved.wheels)
    assert moved.call("run", path=uv_path).stdout == "1.0 demo\n"


def test_new_requirements_replace_the_environment(clone: Clone, uv_path: str) -> None:
    assert clone.call("env", path=uv_path).returncode == 0
    clone.require("2.0")
    assert clone.call("env", path=uv_path).returncode == 0
    assert clone.installed() == "2.0"
    assert len(clone.environments()) == 1


def test_a_wrong_hash_fails_and_leaves_nothing(clone: Clone, uv_path: str) -> None:
    clone.require("1.0", digest="0" * 64)
    failed = clone.call("run", path=uv_path)
    assert failed.returncode == 1
    assert failed.stderr.endswith("danpa: the environment could not be made; nothing was changed\n")
    assert not (clone.folder / ".venv").exists()
    assert clone.environments() == []


def test_a_failure_leaves_the_old_environment_in_use(clone: Clone, uv_path: str) -> None:
    assert clone.call("env", path=uv_path).returncode == 0
    clone.require("2.0", digest="0" * 64)
    assert clone.call("env", path=uv_path).returncode == 1
    assert clone.installed() == "1.0"
    assert len(clone.environments()) == 1


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_ended_halfway_leaves_nothing(clone: Clone, uv_path: str, end: signal.Signals) -> None:
    """Halfway is while packages come: an index that takes the connection and never answers holds uv there."""
    with socket.create_server(("127.0.0.1", 0)) as index:
        address = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        (clone.folder / "requirements/dev.txt").write_text("other==1 --hash=sha256:" + "0" * 64 + "\n")
        started = clone.start("env", path=uv_path, UV_OFFLINE="0", UV_INDEX_URL=address)
        connection, _ = index.accept()
        assert len(clone.environments()) == 1
        os.killpg(started.pid, end)
        started.communicate()
        connection.close()
    assert started.returncode in {128 + end, -end}
    assert clone.environments() == []


def test_two_commands_at_once_make_it_once(clone: Clone, uv_path: str) -> None:
    both = [clone.start("run", path=uv_path) for _ in range(2)]
    answers = [each.communicate() for each in both]
    assert [out for out, _ in answers] == ["1.0 demo\n", "1.0 demo\n"]
    told = "".join(err for _, err in answers)
    assert told.count("danpa: making the environment") == 1, told


def test_an_environment_made_by_someone_else_is_moved_aside(clone: Clone, uv_path: str) -> None:
    (clone.folder / ".venv").mkdir()
    (clone.folder / ".venv" / "mine").touch()
    assert clone.call("env", path=uv_path).returncode == 0
    assert clone.installed() == "1.0"
    [kept] = clone.folder.glob(".venv.before-*/mine")
    assert kept.is_file()


def test_what_the_tests_start_is_compiled_once(clone: Clone, uv_path: str) -> None:
    (clone.folder / "pytest.py").write_text("import sys\nprint(sys.dont_write_bytecode)\n")
    out, _ = clone.start("test", path=uv_path, PYTHONDONTWRITEBYTECODE="1").communicate()
    assert out == "False\n"


def test_says_what_to_install_where_there_is_nothing(clone: Clone, bare_path: str) -> None:
    failed = clone.call("env", path=bare_path, hide="ensurepip pip")
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1] == (
        "danpa: no uv, pip or venv found; install one, on Debian: apt-get install python3-venv"
    )


def test_its_text_can_be_read_by_old_pythons() -> None:
    ast.parse(DEV.read_text(encoding="utf-8"), feature_version=(3, 7))
