"""Stand-ins for the CUDA libraries that PyTorch's Linux wheel links to, so that its CPU half loads without gigabytes of
them. Each has the names and the versions that the wheel asks for; every function answers 100, "no CUDA device".

usage: python stand_ins.py      (in the environment that has torch; needs cc, nm and readelf)
"""
import collections
import pathlib
import re
import subprocess
import sysconfig
import tempfile

NO_DEVICE = 100
CUDA = re.compile(r"lib(cu|nccl|nv)")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked(library):
    return re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", library))


def files_of_versions(library):
    """The library that each symbol version is asked of."""
    found, file = {}, None
    for key, value in re.findall(r"\b(File|Name): (\S+)", output("readelf", "-VW", library)):
        if key == "File":
            file = value
        else:
            found[value] = file
    return found


def symbols(library, which):
    """(name, version or None) of what a library asks for or has."""
    for line in output("nm", "-D", which, library).splitlines():
        name, *version = re.split("@+", line.split()[-1])
        yield name, version[0] if version else None


def build(folder, library, functions):
    """`functions`: names by version."""
    with tempfile.TemporaryDirectory() as scratch:
        source, script = pathlib.Path(scratch, "a.c"), pathlib.Path(scratch, "a.map")
        names = sorted(name for group in functions.values() for name in group)
        source.write_text("".join(f"long {name}(void) {{ return {NO_DEVICE}; }}\n" for name in names))
        versions = {version: group for version, group in functions.items() if version}
        script.write_text("".join(f"{v} {{ global: {' '.join(f'{n};' for n in sorted(g))} }};\n" for v, g in versions.items()))
        flags = [f"-Wl,--version-script={script}"] if versions else []
        command = ["cc", "-shared", "-fPIC", "-w", "-fno-builtin", f"-Wl,-soname,{library}", *flags, "-o"]
        subprocess.run([*command, folder / library, source], check=True)


def main():
    folder = pathlib.Path(sysconfig.get_path("purelib"), "torch", "lib")
    present = sorted(folder.glob("*.so*"))
    wanted = {name for library in present for name in linked(library)}
    missing = sorted(name for name in wanted - {library.name for library in present} if CUDA.match(name))
    if not missing:
        return print("no library is missing")
    defined = {name for library in present for name, _ in symbols(library, "--defined-only")}
    functions = {library: collections.defaultdict(set) for library in missing}
    for library in present:
        files = files_of_versions(library)
        for name, version in symbols(library, "--undefined-only"):
            if version is None and re.match(r"nccl|cu[A-Z]|cusparseLt|nvtx|nvshmem", name) and name not in defined:
                functions[missing[0]][None].add(name)  # whose it is does not matter: no version, one name space
            elif files.get(version) in functions:
                functions[files[version]][version].add(name)
    loose = functions[missing[0]].pop(None, set())
    for library in missing:
        build(folder, library, functions[library] or {None: loose})
    print(f"stand-ins for {', '.join(missing)}")


if __name__ == "__main__":
    main()
