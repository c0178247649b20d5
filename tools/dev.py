#!/usr/bin/env python3
"""The workshop's one door: makes the environment when it is missing or old, then does what was asked.

    python3 tools/dev.py run    [arguments of `danpa demo`]    the demo station, at a link that it prints
    python3 tools/dev.py test   [--install-peers] [arguments of pytest]
    python3 tools/dev.py check                                 ruff, mypy, import-linter, fresh lock files
    python3 tools/dev.py lock   [arguments of `uv pip compile`, e.g. --upgrade]
    python3 tools/dev.py pictures [names]                      takes the pictures of docs/pictures from a demo of its own
    python3 tools/dev.py env                                   only makes .venv, with everything for tests
    python3 tools/dev.py peers                                 installs the Debian and npm packages that tests use
    python3 tools/dev.py clean                                 removes environments and caches, keeps var/

Needs Python 3.11 or newer and nothing else. An environment is built at a place of its own, .venv-<random>, and
`.venv` is a link that is turned to it in one atomic step: whatever fails before that leaves the old one in use.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

# Everything up to here must parse and run on old Pythons, which would otherwise answer with a traceback.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "Danpa needs Python 3.11 or newer; this is %d.%d (%s). "  # noqa: UP031
        "Name a newer one: make run PYTHON=python3.12, or python3.12 tools/dev.py run"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "pyproject.toml"
ENV = ROOT / ".venv"
PYTHON = ENV / "bin" / "python"
STAMP = "danpa-stamp"
LAYOUT = "1"  # raise it when build() changes, so that existing environments are made anew

# What tests and .ci/run start beside Python, by Debian package. Where one is missing, its tests are skipped; CI=true
# makes them fail instead.
PEERS = [
    *("make", "openssl", "chromium", "fonts-noto-cjk", "mpg123", "ffmpeg", "espeak-ng"),
    *("openssh-server", "openssh-client", "vsftpd", "icecast2", "liquidsoap", "curl", "wget"),
]
# By command, because there are other packages of them than Debian's, in which node brings its npm along.
COMMAND_PEERS = {"node": "nodejs", "npm": "npm"}

# Clients that tests run under node: what is wanted, with its hashes, and where it goes.
NODE_WANTED = ROOT / "tests" / "node"
NODE_PEERS = ROOT / ".peers"

# All tests, one process for each processor. A file stays in one of them, and whole nights come first: they take longest.
EVERYTHING = ["--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder"]


class WorkshopError(Exception):
    """What to tell the person, in one line, before leaving with status 1."""


# ---------------------------------------------------------------- the environment


def requirements(kind: str) -> Path:
    return ROOT / "requirements" / f"{kind}.txt"


def stamp(kind: str) -> str:
    """One line that changes with the requirement file, the Python version and the layout."""
    version = f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"
    digest = hashlib.sha256(requirements(kind).read_bytes()).hexdigest()
    return f"{kind} {digest} {version} layout-{LAYOUT}"


def is_ready(kind: str) -> bool:
    try:
        return stamp(kind) in (ENV / STAMP).read_text().splitlines() and PYTHON.exists()
    except OSError:
        return False


def ensure(kind: str) -> None:
    """Make .venv fulfil `kind` ("run" or "dev"); where it does already, only two small files are read."""
    if is_ready(kind):
        return
    with only_one_builder():
        if is_ready(kind):  # another command made it while this one waited
            return
        remove_unused_environments()
        place = Path(tempfile.mkdtemp(prefix=".venv-", dir=ROOT))
        try:
            build(place, kind)
            turn_link_to(place)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        remove_unused_environments()


@contextlib.contextmanager
def only_one_builder() -> Iterator[None]:
    """Hold the builders' lock, which the kernel frees however this process ends."""
    try:
        import fcntl
    except ImportError:
        raise WorkshopError("Danpa runs on Linux and macOS; on Windows use WSL") from None

    with (ROOT / ".venv.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another command that is making the environment")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(place: Path, kind: str) -> None:
    """Make a complete environment at `place` in the first way that works.

    uv does not read pip's configuration: where only pip knows the way to a mirror, uv fails and pip does not.
    """
    say(f"making the environment for Python {sys.version.split()[0]}; this downloads 100 to 150 MB, once")
    for name, install in ways():
        try:
            install(place, requirements(kind))
        except subprocess.CalledProcessError as error:
            if (
                error.returncode < 0 or error.returncode > 128
            ):  # a signal ended it, and was meant for all of us
                sys.exit(abs(error.returncode) % 128 + 128)
            say(f"{name} could not do it (status {error.returncode}, see above)")
            for leftover in place.iterdir():
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        else:
            break
    else:
        raise WorkshopError("the environment could not be made; nothing was changed")
    add_danpa(place)
    kinds = ["run", "dev"] if kind == "dev" else ["run"]  # dev.txt is locked upon run.txt, and so holds it
    (place / STAMP).write_text("".join(f"{stamp(each)}\n" for each in kinds))


def ways() -> list[tuple[str, Callable[[Path, Path], None]]]:
    """The ways to install that this machine offers, best first."""
    found: list[tuple[str, Callable[[Path, Path], None]]] = []
    if shutil.which("uv"):
        found.append(("uv", with_uv))
    if find_spec("venv") and find_spec("ensurepip"):
        found.append(("venv with pip", with_venv))
    elif find_spec("venv") and system_pip():
        found.append(("venv with the system's pip", with_system_pip))
    if not found:
        raise WorkshopError("no uv, pip or venv found; install one, on Debian: apt-get install python3-venv")
    return found


# Nothing is built from source: a wheel's hash says all that will run here, a source package's does not.
HASHED = ["--require-hashes", "--only-binary=:all:", "-r"]


def with_uv(place: Path, wanted: Path) -> None:
    run("uv", "venv", "--quiet", "--no-project", "--allow-existing", "--python", sys.executable, place)
    target = ["--compile-bytecode", "--python", str(place / "bin/python")]
    run("uv", "pip", "install", *quiet(), *target, *HASHED, wanted)


def with_venv(place: Path, wanted: Path) -> None:
    run(sys.executable, "-m", "venv", place)
    run(place / "bin/python", "-m", "pip", "install", *quiet(), *HASHED, wanted)


def with_system_pip(place: Path, wanted: Path) -> None:
    """For Debian without python3-venv: its Python has venv but not ensurepip, its pip can serve another Python."""
    run(sys.executable, "-m", "venv", "--without-pip", place)
    run(*system_pip(), "--python", place / "bin/python", "install", *quiet(), *HASHED, wanted)


def system_pip() -> list[str]:
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    return [found] if found else []


def quiet() -> list[str]:
    """A person sees the downloads go by, a log does not."""
    return [] if sys.stderr.isatty() else ["--quiet"]


def add_danpa(place: Path) -> None:
    """Put the repository on the environment's path, with a `danpa` command, without needing a build backend.

    Both are relative, so that the repository can be moved with its environment.
    """
    [packages] = place.glob("lib/python*/site-packages")
    (packages / "danpa.pth").write_text("../../../..\n")
    command = place / "bin" / "danpa"
    command.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m app "$@"\n')
    command.chmod(0o755)
    place.chmod(0o755)  # mkdtemp makes it private


def turn_link_to(place: Path) -> None:
    if ENV.exists() and not ENV.is_symlink():
        aside = ROOT / f".venv.before-{time.time_ns()}"
        ENV.rename(aside)
        say(f"the .venv that was here is not ours; it is now {aside.name}")
    link = place / "link"
    link.symlink_to(place.name)
    link.replace(ENV)


def remove_unused_environments() -> None:
    """Remove what no link leads to: the one before, and what a killed build left."""
    used = ENV.resolve()
    for place in ROOT.glob(".venv-*"):
        if place != used:
            shutil.rmtree(place, ignore_errors=True)


# ---------------------------------------------------------------- the lock files


def inputs_digest() -> str:
    """A hash of what the lock files are made from, to know without a network whether they are fresh."""
    import json
    import tomllib

    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    wanted = [project[key] for key in ("requires-python", "dependencies", "optional-dependencies")]
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def header() -> str:
    return (
        "# Made by `python3 tools/dev.py lock`; do not edit. For Python 3.11 to 3.14, from any index.\n"
        f"# From pyproject.toml, dependencies sha256 {inputs_digest()}\n"
    )


def stale_locks() -> list[str]:
    """The requirement files that were not made from the pyproject.toml of now."""
    return [kind for kind in ("run", "dev") if not requirements(kind).read_text().startswith(header())]


def lock(options: list[str]) -> int:
    """Make both files anew; without a uv of the machine's own, the locked one of the dev environment does it."""
    uv = shutil.which("uv")
    if not uv:
        ensure("dev")
        uv = str(ENV / "bin" / "uv")
    compile_lock(uv, "run", options)
    compile_lock(uv, "dev", ["--extra=dev", f"--constraints={requirements('run')}", *options])
    return 0


def compile_lock(uv: str, kind: str, options: list[str]) -> None:
    """Write one requirement file; uv keeps the versions that it finds in it, unless told to upgrade."""
    file = requirements(kind)
    python = ["--universal", "--python-version=3.11", "--generate-hashes", "--only-binary=:all:"]
    output = ["--quiet", "--no-header", "--no-annotate", "--output-file", str(file)]
    run(uv, "pip", "compile", *python, *output, *options, PROJECT)
    text = header() + file.read_text()
    if "://" in text:
        raise WorkshopError(f"{file.name} names an address that is only yours; look at uv's configuration")
    file.write_text(text)


# ---------------------------------------------------------------- the commands


def demo(arguments: list[str]) -> int:
    ensure("run")
    become(PYTHON, "-m", "app", "demo", *arguments)


def test(arguments: list[str]) -> int:
    if "--install-peers" in arguments:
        install_peers([])
    ensure("dev")
    # Tests start hundreds of processes: without bytecode each compiles Danpa again and takes 3 s instead of 1.5 s to
    # begin. `run` leaves the variable alone: it starts five, once.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    wanted = [each for each in arguments if each != "--install-peers"]
    become(PYTHON, "-m", "pytest", *(wanted or EVERYTHING))


def check(_: list[str]) -> int:
    """Run every check even after one failed, and say which did."""
    ensure("dev")
    linter = "from importlinter.cli import lint_imports_command as main; main()"
    checks: dict[str, list[str]] = {
        "ruff check": ["-m", "ruff", "check"],
        "ruff format": ["-m", "ruff", "format", "--check"],
        "mypy": ["-m", "mypy"],
        "import-linter": ["-c", linter],
    }
    failed = [
        name for name, call in checks.items() if subprocess.run([PYTHON, *call], check=False).returncode
    ]
    failed += [f"requirements/{kind}.txt is not fresh (dev.py lock)" for kind in stale_locks()]
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def pictures(names: list[str]) -> int:
    ensure("dev")
    become(PYTHON, "-m", "tools.pictures", *names)


def environment(_: list[str]) -> int:
    ensure("dev")
    print(ENV)
    return 0


def install_peers(_: list[str]) -> int:
    """Install what tests start and is not there yet, with Debian's tools; a mirror's hiccup gets three tries."""
    if not shutil.which("apt-get"):
        raise WorkshopError(f"no apt-get here; install by other means what tests start: {', '.join(PEERS)}")
    missing = [name for name in PEERS if not is_installed(name)]
    missing += [package for command, package in COMMAND_PEERS.items() if not shutil.which(command)]
    if missing:
        install_packages(missing)
    install_node_peers()
    return 0


def install_packages(missing: list[str]) -> None:
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    for wait_s in (5, 20, None):
        try:
            run(*apt, "update")
            run(*apt, "install", "--yes", "--no-install-recommends", *missing)
        except subprocess.CalledProcessError:
            if wait_s is None:
                raise
            say(f"apt-get failed; once more in {wait_s} s")
            time.sleep(wait_s)
        else:
            break


def install_node_peers() -> None:
    """Make .peers anew where its lock file is not the one of now. Packages come by hash and run nothing at install."""
    names = ("package.json", "package-lock.json")
    wanted = {name: (NODE_WANTED / name).read_bytes() for name in names}
    done = NODE_PEERS / "node_modules" / ".package-lock.json"  # npm writes it last
    if done.exists() and all((NODE_PEERS / name).read_bytes() == wanted[name] for name in names):
        return
    shutil.rmtree(NODE_PEERS, ignore_errors=True)
    NODE_PEERS.mkdir()
    for name in names:
        (NODE_PEERS / name).write_bytes(wanted[name])
    run(
        "npm", "ci", "--prefix", NODE_PEERS, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"
    )


def is_installed(package: str) -> bool:
    call = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(call, check=False, capture_output=True, text=True).stdout == "installed"


def clean(_: list[str]) -> int:
    with only_one_builder():
        if ENV.is_symlink():
            ENV.unlink()
        remove_unused_environments()
    for place in (NODE_PEERS, *ROOT.glob(".*_cache"), ROOT / ".hypothesis", ROOT / "build", ROOT / "dist"):
        shutil.rmtree(place, ignore_errors=True)
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": demo,
    "test": test,
    "check": check,
    "lock": lock,
    "pictures": pictures,
    "env": environment,
    "peers": install_peers,
    "clean": clean,
}


def say(line: str) -> None:
    print(f"danpa: {line}", file=sys.stderr, flush=True)


def run(*command: str | Path) -> None:
    # PIP_USER in someone's configuration would send the packages to their home instead.
    subprocess.run(command, check=True, env=os.environ | {"PIP_USER": "0"})


def become(*command: str | Path) -> NoReturn:
    """Turn this process into `command`: signals and the exit status are then its own."""
    os.execv(command[0], [os.fspath(part) for part in command])


def main(argv: list[str]) -> int:
    if not argv or argv[0] not in COMMANDS:
        print(__doc__)
        return 0 if argv and argv[0] in {"-h", "--help", "help"} else 2
    os.chdir(ROOT)
    # So that a build that is told to end, or whose terminal closes, cleans up as it does after Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    try:
        return COMMANDS[argv[0]](argv[1:])
    except WorkshopError as trouble:
        say(str(trouble))
    except subprocess.CalledProcessError as error:
        say(f"{os.fspath(error.cmd[0])} ended with status {error.returncode}")
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
