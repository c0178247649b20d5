"""A copy of the workshop in an empty folder, with one tiny package to install instead of Danpa's hundred megabytes."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# The interpreter that a person would call; the one that runs the tests is in an environment of its own.
BASE_PYTHON = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")

# Runs a script as if the interpreter had been packaged without some modules, as Debian does with ensurepip; and as from
# a terminal, where Ctrl-C works: who runs these tests in the background hands down that it is ignored.
WITHOUT = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
_, hidden, *sys.argv = sys.argv
sys.modules.update(dict.fromkeys(hidden.split()))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Clone:
    """A fresh clone: the workshop's files, requirement files that want `tiny`, and an `app` that says what it got."""

    folder: Path
    wheels: Path  # beside the clone: its own name has spaces, at which pip would split the setting

    def require(self, version: str, digest: str | None = None) -> None:
        """Want this version of tiny; `digest` other than the wheel's own makes the installation fail."""
        wheel = make_wheel(self.wheels, version)
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        for kind in ("run", "dev"):
            file = self.folder / "requirements" / f"{kind}.txt"
            file.write_text(f"tiny=={version} --hash=sha256:{digest}\n")

    def can(self, module: str) -> bool:
        """Whether the base interpreter has `module`: on Debian ensurepip and pip are packages of their own."""
        return subprocess.run([BASE_PYTHON, "-c", f"import {module}"], check=False).returncode == 0

    def start(self, *arguments: str, path: str, hide: str = "", **extra: str) -> subprocess.Popen[str]:
        """Start dev.py as a person without any configuration would, in a process group of its own."""
        environment = {
            "PATH": path,
            "HOME": str(self.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "UV_NO_CONFIG": "1",
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": str(self.wheels),
            "UV_CACHE_DIR": str(self.folder / "uv-cache"),
        }
        return subprocess.Popen(
            [BASE_PYTHON, "-c", WITHOUT, hide, "tools/dev.py", *arguments],
            cwd=self.folder,
            env={**environment, **extra},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def call(self, *arguments: str, path: str, hide: str = "") -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, path=path, hide=hide)
        out, err = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def installed(self) -> str:
        """The version of tiny in .venv, through the link that everything uses."""
        call = [str(self.folder / ".venv/bin/python"), "-c", "import tiny; print(tiny.VERSION)"]
        return subprocess.check_output(call, text=True, cwd="/").strip()

    def environments(self) -> list[Path]:
        return [place for place in self.folder.glob(".venv*") if place.is_dir() and not place.is_symlink()]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    folder = tmp_path / "a clone with spaces"
    (folder / "tools").mkdir(parents=True)
    (folder / "requirements").mkdir()
    (folder / "app").mkdir()
    (folder / "tools" / "dev.py").write_bytes((ROOT / "tools" / "dev.py").read_bytes())
    (folder / "app" / "__main__.py").write_text("import sys, tiny\nprint(tiny.VERSION, *sys.argv[1:])\n")
    made = Clone(folder, tmp_path / "wheels")
    made.wheels.mkdir()
    made.require("1.0")
    return made


@pytest.fixture(scope="session")
def bare_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which there is nothing but what a shell script needs: no uv, no pip."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("sh", "dirname"):
        (folder / name).symlink_to(Path("/usr/bin") / name)
    return str(folder)


@pytest.fixture(scope="session")
def uv_path(bare_path: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with uv on it: the one of the dev requirements."""
    import uv

    folder = tmp_path_factory.mktemp("uv")
    (folder / "uv").symlink_to(uv.find_uv_bin())
    return f"{folder}:{bare_path}"


def make_wheel(folder: Path, version: str) -> Path:
    """The smallest package that pip and uv accept: one module that knows its version."""
    files = {
        "tiny.py": f"VERSION = {version!r}\n",
        f"tiny-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"tiny-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},sha256={_record_hash(text)},{len(text)}" for name, text in files.items()]
    record.append(f"tiny-{version}.dist-info/RECORD,,")
    wheel = folder / f"tiny-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"tiny-{version}.dist-info/RECORD", "\n".join(record) + "\n")
    return wheel


def _record_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
