"""What the import contracts cannot say about app/: clock, money without floats, size of files."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "app").rglob("*.py"))
MONEY_ROOMS = ("billing", "subscriptions", "renewals")
COMPOSERS = ("__init__.py", "wiring.py", "cli.py")
ADAPTERS = ("gateways", "registrars", "servers")
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}
# The longest file that still reads as one thing.
LINES = 400

every_module = pytest.mark.parametrize(
    "module", [pytest.param(m, id=str(m.relative_to(ROOT))) for m in MODULES]
)


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def room(module: Path) -> str:
    return module.relative_to(ROOT / "app").parts[0]


def imports(module: Path) -> set[str]:
    """Dotted names of what a module imports; `from a import b` counts as a.b."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def is_pure(name: str) -> bool:
    top, *rest = name.split(".")
    if top != "app":
        return top in sys.stdlib_module_names
    return rest[0] == "lib" or rest[1:2] == ["rules"]


@every_module
def test_only_the_clock_reads_the_clock(module):
    if module == ROOT / "app/lib/clock.py":
        return
    reads = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute)
        and (ast.unparse(node.value).rpartition(".")[2], node.attr) in CLOCKS
    ]
    assert reads == [], "now and today are passed in"


@pytest.mark.parametrize("name", MONEY_ROOMS)
def test_money_is_never_a_float(name):
    floats = [
        f"{module.relative_to(ROOT)} line {node.lineno}"
        for module in MODULES
        if room(module) == name
        for node in ast.walk(tree(module))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]
    assert floats == [], "amounts are whole minor units"


@pytest.mark.parametrize(
    "module",
    [pytest.param(m, id=room(m)) for m in MODULES if m.name == "rules.py"],
)
def test_rules_import_the_standard_library_lib_and_rules_only(module):
    foreign = {name for name in imports(module) if not is_pure(name)}
    assert foreign == set()


@every_module
def test_a_room_is_entered_by_its_public_doors(module):
    if room(module) in COMPOSERS:
        return
    private = {
        name
        for name in imports(module)
        if name.startswith("app.") and not name.startswith(f"app.{room(module)}.")
        if len(parts := name.split(".")) > 2 and parts[2] in ("views", *ADAPTERS)
    }
    assert private == set(), "another room's views and adapters are its own affair"


@every_module
def test_a_module_opens_with_a_sentence(module):
    if module.stat().st_size == 0:
        return
    assert ast.get_docstring(tree(module)), "say in one sentence what the module is for"


@every_module
def test_a_module_is_not_too_long(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LINES


def test_no_module_is_a_drawer_for_everything():
    drawers = [m for m in MODULES if m.stem in ("utils", "util", "helpers", "common", "misc")]
    assert drawers == []
