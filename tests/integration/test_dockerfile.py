"""The Dockerfile's own steps, taken from its text and run without Docker: installed, initialised, started, healthy.

The image's root becomes a temporary folder and its Python a fresh virtual environment; nothing else of this machine
is in the environment or on PATH.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120  # how long the service may take until healthy on a busy machine, before the test gives up

# How to reach a package index belongs to the machine, not to the image.
INDEX_SETTINGS = ("PIP_*", "*_proxy", "*_PROXY", "SSL_CERT_*", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True)
class Instruction:
    name: str
    text: str

    def words(self) -> list[str]:
        """The words of a JSON ("exec") form or of a plain line."""
        return json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)


def read_dockerfile() -> list[Instruction]:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [Instruction(*line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


DOCKERFILE = read_dockerfile()


def every(name: str) -> list[Instruction]:
    return [each for each in DOCKERFILE if each.name == name]


def the(name: str) -> Instruction:
    [only] = every(name)
    return only


def declared_environment() -> dict[str, str]:
    return dict(word.split("=", maxsplit=1) for word in the("ENV").words())


@dataclass(frozen=True)
class Image:
    """The folder that stands for the image's root."""

    root: Path
    port: int

    def inside(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    @property
    def workdir(self) -> Path:
        return self.inside(the("WORKDIR").text)

    @property
    def volume(self) -> Path:
        return self.inside(the("VOLUME").text)

    @property
    def environment(self) -> dict[str, str]:
        """What the container's processes see, its paths and its port moved to this image's."""
        declared = {
            name: str(self.inside(value)) if value.startswith("/") else value
            for name, value in declared_environment().items()
        }
        return {**declared, "DANPA_PORT": str(self.port), "PATH": str(self.inside("venv/bin"))}

    def command(self, *words: str) -> list[str]:
        """The command with `python` read as the image's Python."""
        return [str(self.inside("venv/bin/python")) if word == "python" else word for word in words]

    def run(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            cwd=self.workdir,
            env={**self.environment, **extra},
            check=False,
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image after its COPY and pip steps."""
    if find_spec("ensurepip") is None:
        pytest.skip(
            "this Python has no ensurepip, so the Dockerfile's steps were NOT tried: python3-venv has it"
        )
    with socket.create_server(("127.0.0.1", 0)) as free:
        made = Image(tmp_path_factory.mktemp("image"), free.getsockname()[1])
    made.workdir.mkdir(parents=True)
    made.volume.mkdir(parents=True)
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    subprocess.run([base, "-m", "venv", made.inside("venv")], check=True)
    for copy in every("COPY"):
        *sources, target = copy.words()
        for source in sources:
            copy_into(made.workdir, source, target)
    [install] = [each.words() for each in every("RUN") if "pip" in each.words()]
    settings = {
        name: value
        for name, value in os.environ.items()
        if any(fnmatch(name, each) for each in INDEX_SETTINGS)
    }
    installed = made.run(*install, "--quiet", **settings)
    if installed.returncode:
        offline = re.search(r"ConnectionError|ConnectTimeout|name resolution", installed.stderr)
        if offline and os.environ.get("CI") != "true":
            pytest.skip("no package index can be reached, so the Dockerfile's installation was NOT tried")
        pytest.fail(installed.stderr)
    return made


def copy_into(workdir: Path, source: str, target: str) -> None:
    """Docker's COPY: a folder's content into the target, a file to the target or into a folder that ends in /."""
    wanted = workdir / target
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, wanted, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        wanted = wanted / source if target.endswith("/") else wanted
        wanted.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, wanted)


@pytest.mark.slow
def test_its_steps_make_a_service_that_becomes_healthy_and_stops(image: Image) -> None:
    entry = the("ENTRYPOINT").words()
    initialised = image.run(*entry, "init")
    assert initialised.returncode == 0, initialised.stdout + initialised.stderr

    before = sorted(image.workdir.rglob("*"))
    log = image.inside("log")
    with log.open("w") as output:
        service = subprocess.Popen(
            image.command(*entry, *the("CMD").words()),
            cwd=image.workdir,
            env=image.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_healthy(image, service)
        service.send_signal(getattr(signal, the("STOPSIGNAL").text))
        assert service.wait(PATIENCE_S) == 0, log.read_text()
    finally:
        service.kill()
        service.wait()
    assert sorted(image.workdir.rglob("*")) == before, "the service writes beside its volume"


def wait_until_healthy(image: Image, service: subprocess.Popen[bytes]) -> None:
    """Ask as Docker does, with the HEALTHCHECK's own command."""
    health = json.loads(the("HEALTHCHECK").text.partition("CMD ")[2])
    give_up = time.monotonic() + PATIENCE_S
    while (asked := image.run(*health)).returncode:
        assert service.poll() is None, image.inside("log").read_text()
        assert time.monotonic() < give_up, asked.stderr
        time.sleep(0.5)


def test_it_runs_as_a_fixed_user_without_rights() -> None:
    uid, gid = the("USER").text.split(":")
    assert int(uid) > 0
    assert int(gid) > 0
    [users] = [each.text for each in every("RUN") if "useradd" in each.text]
    assert f"useradd --uid {uid} " in users
    assert f"groupadd --gid {gid} " in users


def test_it_installs_the_same_lock_as_everyone() -> None:
    [install] = [each.words() for each in every("RUN") if "pip" in each.words()]
    assert install[install.index("-r") + 1] == "requirements/run.txt"
    assert {"--require-hashes", "--only-binary=:all:"} <= set(install)


def test_what_it_exposes_and_keeps_is_what_the_service_uses() -> None:
    environment = declared_environment()
    assert the("EXPOSE").text == environment["DANPA_PORT"]
    assert the("VOLUME").text == environment["DANPA_HOME"]
    assert the("WORKDIR").text == environment["PYTHONPATH"]


def test_everything_it_copies_is_sent_to_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {source for copy in every("COPY") for source in copy.words()[:-1]}
    assert copied == sent
    assert all((ROOT / source).exists() for source in copied)
