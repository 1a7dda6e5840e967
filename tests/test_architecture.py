"""The shape of the code, as docs/architecture.md draws it, guarded."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from bench.settings_table import README, with_table

ROOT = Path(__file__).parents[1]
LAYERS = ("rag", "ingest", "ui", "app")  # each may import itself and those before it
ENTRY_POINTS = {"ui.cli", "ui.opening", "ui.server", "ui.upkeep"}
LAZY = {
    "rag.connections",
    "rag.embedding_connections",
    "rag.wiring",
    "ui.cli",
}  # may import our modules inside functions
# Set before a vendor is imported, which reads it then.
ENVIRONMENT_WRITERS = {
    "ui.server": {"GRADIO_ANALYTICS_CACHE_FREQUENCY"},
    "rag.providers.minilm.embedder": {"ORT_DISABLE_TELEMETRY"},
    "rag.providers.vllm_engine": {
        "VLLM_LOGGING_CONFIG_PATH",
        "VLLM_NO_USAGE_STATS",
        "VLLM_WORKER_MULTIPROC_METHOD",
    },
}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
MOST_LINES = 400
MOST_BROAD_EXCEPTS = 3
MEANINGLESS = {"utils", "helpers", "common", "base", "manager", "service", "factory"}
LOCKS = ("requirements.txt", "tests/requirements.txt")


@dataclass(frozen=True, slots=True)
class Module:
    """One of our files, parsed."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)


def load(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, ast.parse(path.read_text(encoding="utf-8")))


def python_files(*folders: str) -> list[Path]:
    return sorted(chain.from_iterable((ROOT / folder).rglob("*.py") for folder in folders))


MODULES = {
    module.name: module for module in map(load, [ROOT / "app.py", *python_files(*LAYERS[:3])])
}


def imported(node: ast.AST) -> Iterator[str]:
    """Our modules that an import statement names."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        below = [f"{node.module}.{alias.name}" for alias in node.names]
        names = [name if name in MODULES else node.module for name in below]
    yield from (name for name in names if name.split(".")[0] in (*LAYERS, "tests", "bench"))


def imports(module: Module) -> set[str]:
    """Every module of ours that a module imports, inside functions too."""
    return {name for node in module.nodes() for name in imported(node)}


def run_time_imports(module: Module) -> set[str]:
    """The same without what is imported for types alone."""
    types_only = {
        id(inner)
        for node in module.nodes()
        if isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = (imported(node) for node in module.nodes() if id(node) not in types_only)
    return set(chain.from_iterable(found))


@pytest.fixture(params=sorted(MODULES))
def module(request: pytest.FixtureRequest) -> Module:
    return MODULES[request.param]


def test_every_layer_is_looked_at() -> None:
    assert {name.split(".")[0] for name in MODULES} == set(LAYERS)
    assert len(MODULES) > 50


def test_imports_run_from_app_to_ui_to_ingest_to_rag(module: Module) -> None:
    layer = LAYERS.index(module.name.split(".")[0])
    wrong = {name for name in imports(module) if name.split(".")[0] not in LAYERS[: layer + 1]}
    assert wrong == set()


def test_imports_are_absolute(module: Module) -> None:
    assert [
        node.lineno for node in module.nodes() if isinstance(node, ast.ImportFrom) and node.level
    ] == []


def test_no_module_is_imported_in_a_circle() -> None:
    graph = {name: imports(module) - {name} for name, module in MODULES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_the_vocabulary_imports_nothing_of_ours() -> None:
    assert imports(MODULES["rag.domain"]) == set()


def test_only_entry_points_wire() -> None:
    users = {name for name in MODULES if "rag.wiring" in run_time_imports(MODULES[name])}
    assert users == ENTRY_POINTS


def test_our_modules_are_imported_at_the_top(module: Module) -> None:
    functions = [node for node in module.nodes() if isinstance(node, ast.FunctionDef)]
    inside = {
        name for function in functions for node in ast.walk(function) for name in imported(node)
    }
    assert not inside or module.name in LAZY


def environment_uses(module: Module) -> Iterator[tuple[str, int]]:
    """Every use of the environment and its line: what is set, or "read"."""
    written = {
        id(target.value): target.slice.value
        for node in module.nodes()
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)
    }
    for node in module.nodes():
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT:
            yield str(written.get(id(node), "read")), node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (("read", node.lineno) for alias in node.names if alias.name in ENVIRONMENT)


def test_only_the_settings_read_the_environment(module: Module) -> None:
    if module.name == "rag.settings":
        return
    allowed = ENVIRONMENT_WRITERS.get(module.name, set())
    assert [variable for variable, _ in environment_uses(module) if variable not in allowed] == []


def test_what_is_set_in_the_environment_is_set_before_the_vendor_is_imported() -> None:
    embedder = MODULES["rag.providers.minilm.embedder"]
    ((_, written),) = environment_uses(embedder)
    vendor = next(
        node.lineno
        for node in embedder.nodes()
        if isinstance(node, ast.Import) and node.names[0].name == "onnxruntime"
    )
    assert written < vendor


def test_few_excepts_are_broad() -> None:
    broad = [
        f"{module.name}:{node.lineno}"
        for module in MODULES.values()
        for node in module.nodes()
        if isinstance(node, ast.ExceptHandler) and is_broad(node.type)
    ]
    assert len(broad) <= MOST_BROAD_EXCEPTS, broad


def is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException") for kind in kinds
    )


def test_no_function_takes_arguments_without_names(module: Module) -> None:
    assert [
        node.name
        for node in module.nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.kwarg
    ] == []


def test_every_module_says_what_it_is_for(module: Module) -> None:
    assert ast.get_docstring(module.tree)


def test_packages_hold_nothing_but_their_docstring(module: Module) -> None:
    if module.is_package:
        assert len(module.tree.body) == 1


@pytest.mark.parametrize(
    "path",
    [ROOT / "app.py", *python_files("rag", "ingest", "ui", "tests", "bench")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_are_named_by_an_idea_and_of_bearable_length(path: Path) -> None:
    assert path.stem not in MEANINGLESS
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


# What is around the code


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_shipped(project: dict[str, Any]) -> None:
    listed = project["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(name for name in MODULES if MODULES[name].is_package)
    folders = {path.parent for path in python_files(*LAYERS[:3])}
    assert all((folder / "__init__.py").exists() for folder in folders)
    assert project["tool"]["setuptools"]["py-modules"] == ["app"]


def test_every_file_a_package_needs_is_shipped(project: dict[str, Any]) -> None:
    shipped = {
        path
        for package, patterns in project["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    needed = {
        path
        for path in chain.from_iterable((ROOT / layer).rglob("*") for layer in LAYERS[:3])
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert needed - shipped == set()


def test_the_command_exists(project: dict[str, Any]) -> None:
    module, _, function = project["project"]["scripts"]["tramontane"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def locked(lock: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?==(\S+)", read(lock), re.MULTILINE)
    return dict(found)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_versions_and_hashes_and_no_place(lock: str) -> None:
    requirements = [
        line for line in re.sub(r"\\\n", " ", read(lock)).splitlines() if not line.startswith("#")
    ]
    assert len(requirements) == len(locked(lock)) > 5
    for requirement in requirements:
        assert re.fullmatch(
            r"[a-z0-9._-]+(\[.*\])?==[^\s;]+( ; [^@]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*",
            requirement,
        ), requirement
    assert "//" not in read(lock)
    assert "index" not in read(lock)


def test_tests_run_on_what_is_shipped() -> None:
    shipped, tested = (locked(lock) for lock in LOCKS)
    assert {name: tested[name] for name in shipped.keys() & tested} == {
        name: shipped[name] for name in shipped.keys() & tested
    }


def test_a_space_gets_the_gradio_that_is_locked(project: dict[str, Any]) -> None:
    _, front_matter, _ = read("README.md").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in front_matter.splitlines() if ": " in line)
    assert fields["sdk"] == "gradio"
    assert fields["sdk_version"] == locked("requirements.txt")["gradio"]
    assert f"gradio=={fields['sdk_version']}" in project["project"]["dependencies"]
    assert (ROOT / fields["app_file"]).is_file()
    python = fields["python_version"].strip('"')
    assert project["project"]["requires-python"].startswith(f">={python},")


def test_the_readme_tells_every_setting() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == with_table(text), "write it again with: python -m bench.settings_table"


def test_the_licence_is_there() -> None:
    assert "Apache License" in read("LICENSE")
