"""Object files: made of LLVM assembly, and loaded. With ``jit`` and ``linking`` the only module that knows LLVM."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import llvmlite.binding as llvm

from lambdasim.machine_code.program import PLAIN, Assembly, Native
from lambdasim.machine_code.shipped import PROTOTYPE, taking_arrays

OF_PYTHON: Final = ("Py", "_Py", "numba_", "NRT_")
"""How the names of functions begin that Numba calls after errors, which loops never have."""

IS_PLAIN: Final = 'define i1 @"{name}"() {{\n  ret i1 {plain:d}\n}}\n'

TRAP: Final = 'declare void @llvm.trap()\ndefine void @"{name}"() {{\n  call void @llvm.trap()\n  unreachable\n}}\n'


def assembled(functions: Assembly, plain: bool = False, **target: Any) -> bytes:
    """Return an object file of functions, each given by LLVM assembly and its name there, for plain plans alone or all.

    ``target`` is as for :func:`machine`.
    """
    made_for = machine(**target)
    code: bytes = made_for.emit_object(_whole(functions, plain, made_for))
    return code


def with_names(functions: Assembly, plain: bool = False) -> bytes:
    """Return the same for this processor, behind a line that says which it has, and which it calls elsewhere."""
    made_for = machine()
    whole = _whole(functions, plain, made_for)
    called = [one.name for one in whole.functions if one.is_declaration and "." in one.name]
    elsewhere = sorted(name for name in called if not name.startswith("llvm."))
    code: bytes = made_for.emit_object(whole)
    return json.dumps([[*functions], elsewhere]).encode() + b"\n" + code


def _whole(functions: Assembly, plain: bool, made_for: Any) -> Any:
    """Return a module of functions, optimized.

    Only they can be seen from outside, so all that was built into them goes. What would call Python stops the process
    instead.
    """
    whole = llvm.parse_assembly("")
    for name, (text, symbol) in functions.items():
        module = llvm.parse_assembly(text)
        module.get_function(symbol).name = name
        whole.link_in(module)
    whole.link_in(llvm.parse_assembly(IS_PLAIN.format(name=PLAIN, plain=plain)))
    for declared in [one for one in whole.functions if one.is_declaration and one.name.startswith(OF_PYTHON)]:
        whole.link_in(llvm.parse_assembly(TRAP.format(name=declared.name)))
    for declared in [one for one in whole.global_variables if one.is_declaration]:
        whole.link_in(llvm.parse_assembly(f'@"{declared.name}" = global ptr null'))
    for own in [*whole.functions, *whole.global_variables]:
        if not own.is_declaration and own.name not in functions:
            own.linkage = "internal"
    for name in functions if plain else ():
        whole.get_function(name).add_function_attribute("noinline")  # as if it were another program's
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = tuning.slp_vectorization = True
    builder = llvm.create_pass_builder(made_for, tuning)
    builder.getModulePassManager().run(whole, builder)
    return whole


def loaded(codes: Iterable[bytes]) -> Mapping[str, Native]:
    """Return the functions of object files ``with_names``, by name. One that they call and none of them has traps."""
    parts = [code.partition(b"\n") for code in codes]
    lists = [json.loads(names) for names, _, _ in parts]
    own: Sequence[str] = [name for names, _ in lists for name in names]
    absent = {name for _, called in lists for name in called} - {*own}
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
    for name in sorted(absent):
        engine.add_module(llvm.parse_assembly(TRAP.format(name=name)))
    for _, _, code in parts:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return {name: taking_arrays(PROTOTYPE(engine.get_function_address(name)), engine) for name in own}


def machine(cpu: str | None = None, features: str | None = None, **options: str) -> Any:
    """Return LLVM's machine for a processor, by default this one; ``options`` are ``reloc`` and ``codemodel``."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name() if cpu is None else cpu,
        features=llvm.get_host_cpu_features().flatten() if features is None else features,
        opt=3,
        jit=not options,
        **options,
    )


@cache
def processor() -> str:
    """Return a name for this processor and this LLVM."""
    parts = (
        llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(),
        llvm.llvm_version_info,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
