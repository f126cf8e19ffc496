"""What a function is made of: the files of all that it names, and of all that those name, within its package.

It reads sources, statement by statement, and runs none of them: a constant counts with whatever it is computed from.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

Name = tuple[str, str]
"""A module, and a name in it; an empty one stands for all of them."""


def reached(functions: Iterable[str]) -> list[str]:
    """Return the files that functions, given as ``module:function`` of one package, are made of.

    They are relative to the directory that the package is in, with slashes, and in order. Raises LookupError for a
    function that its file does not have: it has been edited since it was imported.
    """
    roots: list[Name] = [(module, name) for module, _, name in (place.partition(":") for place in functions)]
    todo = list(roots)
    package = todo[0][0].partition(".")[0]
    directory = Path(str(sys.modules[package].__file__)).parents[1]
    modules: dict[str, _Module] = {}
    done = set()
    while todo:
        module, name = todo.pop()
        if (module, name) in done:
            continue
        done.add((module, name))
        if module not in modules:
            modules[module] = _Module(directory, module)
        todo += modules[module].named_by(name)
    for module, name in roots:
        if not modules[module].binds(name):
            raise LookupError(f"{modules[module].file} has no {name} any more")
    return sorted(module.file.relative_to(directory).as_posix() for module in modules.values())


class _Module:
    """The statements of a module, by the names they bind."""

    def __init__(self, directory: Path, name: str) -> None:
        file = _file(directory, name)
        assert file is not None, f"{name} is not in {directory}"
        self.file = file
        self._name = name
        self._imported: dict[str, set[Name]] = {}  # functions may import several things by one name
        self._statements: dict[str, list[ast.stmt]] = {}
        tree = ast.parse(file.read_bytes())
        package = name.partition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == package:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    target = (node.module, alias.name) if _file(directory, inner) is None else (inner, "")
                    self._imported.setdefault(alias.asname or alias.name, set()).add(target)
        for statement in tree.body:
            for bound in _bound(statement):
                self._statements.setdefault(bound, []).append(statement)

    def binds(self, name: str) -> bool:
        """Say whether a name is bound here."""
        return name in self._statements or name in self._imported

    def named_by(self, name: str) -> Iterator[Name]:
        """Yield what the statements that bind a name speak of; without a name, all that the module binds."""
        if not name:
            yield from ((self._name, bound) for bound in self._statements)
        elif name in self._imported:
            yield from self._imported[name]
        for statement in self._statements.get(name, ()):
            yield from self._uses(statement)

    def _uses(self, node: ast.AST) -> Iterator[Name]:
        """Yield what a statement speaks of, but for annotations."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            modules = [module for module, name in self._imported.get(node.value.id, ()) if not name]
            if modules:
                yield from ((module, node.attr) for module in modules)
                return
        if isinstance(node, ast.Name):
            yield from self._imported.get(node.id, {(self._name, node.id)})
        if isinstance(node, ast.FunctionDef):
            parts: Iterable[ast.AST | None] = (
                *node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *node.body
            )  # fmt: skip
        elif isinstance(node, ast.AnnAssign):
            parts = (node.target, node.value)
        else:
            parts = ast.iter_child_nodes(node)
        for part in filter(None, parts):
            yield from self._uses(part)


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement of a module binds, or may change."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    assigned = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return assigned if assigned and isinstance(statement, ast.Assign | ast.AnnAssign) else {node.id for node in names}


def _file(directory: Path, module: str) -> Path | None:
    path = directory.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)
