"""The pages' scripts: their types hold, and they load nothing that is not ours."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from app import console

STATIC = Path(console.__file__).parent / "static"
NODE = Path(__file__).parents[2] / "node"


def test_the_types_of_the_scripts_hold(node_peer: Callable[[str], Path]) -> None:
    tsc = node_peer("typescript") / "bin" / "tsc"
    found = subprocess.run([tsc, "-p", NODE / "jsconfig.json"], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_scripts_import_each_other_only() -> None:
    names = {path.name for path in STATIC.glob("*.js")}
    for path in STATIC.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        imported = re.findall(r"""(?m)^import\b[^"';]*["']([^"']+)["']|\bimport\(["']([^"']+)""", source)
        assert {(one or other).removeprefix("./") for one, other in imported} <= names, path.name
        if not path.stem.endswith("_worklet"):  # tsc has no types of where sound is processed
            assert source.startswith("// @ts-check\n"), path.name


LOOSER = re.compile(
    r"""\beval\(|new Function|HTML\s*\+?=(?!\s*[A-Z_]+;)|insertAdjacentHTML|setAttribute\("style\""""
)


def test_nothing_in_them_needs_a_looser_policy() -> None:
    """Markup that scripts set is a constant of the module; all else are nodes, and what people wrote is text."""
    for path in STATIC.glob("*.js"):
        assert not LOOSER.search(path.read_text(encoding="utf-8")), path.name
