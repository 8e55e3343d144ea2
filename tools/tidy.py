#!/usr/bin/env python3
"""clang-tidy over the sources, any finding is an error:  tools/tidy.py BUILD [FILE.cpp ...]

Without files: those of src/ that changed, or include a changed header of their own folder, against
TIDY_BASE (default: where the branch left origin/main, else the last tag, else the commit before).
Rooms that need libtorch are left out, as a file of theirs takes minutes. TIDY=rooms takes every file of the
other rooms, TIDY=all every file. BUILD holds compile_commands.json.

A file found clean is not looked at again while it, the headers of ours that it includes, its
compile command, .clang-tidy and clang-tidy itself are the same: BUILD/tidy/ remembers.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TORCH_ROOMS = ("src/train/nn/", "src/train/prune/", "src/train/quant/", "src/train/robust/")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def output(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def headers_of(file: pathlib.Path, seen: set) -> set:
    """Our own headers that a file includes, theirs too."""
    for name in INCLUDE.findall(file.read_text()):
        header = ROOT / "src" / name
        if header not in seen and header.exists():
            seen.add(header)
            headers_of(header, seen)
    return seen


def base_commit() -> str:
    head = output("git", "rev-parse", "HEAD")
    if os.environ.get("TIDY_BASE"):
        return os.environ["TIDY_BASE"]
    branch = output("git", "merge-base", "HEAD", "origin/main")
    if branch and branch != head:
        return branch
    return output("git", "describe", "--tags", "--abbrev=0") or output("git", "rev-parse", "HEAD~1")


def changed(files: list) -> list:
    base = base_commit()
    if not base:
        return files
    names = set(output("git", "diff", "--name-only", "--diff-filter=d", base).splitlines())
    touched = {ROOT / name for name in names}

    def is_near(file: pathlib.Path) -> bool:
        own = {ROOT / "src" / name for name in INCLUDE.findall(file.read_text())}
        return file in touched or any(header.parent == file.parent for header in own & touched)

    return [file for file in files if is_near(file)]


def chosen(arguments: list) -> list:
    if arguments:
        return [pathlib.Path(name).resolve() for name in arguments]
    files = [ROOT / name for name in output("git", "ls-files", "src/*.cpp").splitlines()]
    scope = os.environ.get("TIDY", "changed")
    if scope != "all":
        files = [file for file in files
                 if not file.relative_to(ROOT).as_posix().startswith(TORCH_ROOMS)]
    return changed(files) if scope == "changed" else files


class Tidy:
    def __init__(self, build: pathlib.Path):
        self.build = build
        self.memory = build / "tidy"
        self.memory.mkdir(exist_ok=True)
        commands = json.loads((build / "compile_commands.json").read_text())
        self.commands = {str(pathlib.Path(entry["directory"], entry["file"]).resolve()):
                         entry["command"] for entry in commands}
        self.common = output("clang-tidy", "--version") + (ROOT / ".clang-tidy").read_text()

    def key(self, file: pathlib.Path) -> str:
        text = hashlib.sha256((self.common + self.commands.get(str(file), "")).encode())
        for part in [file, *sorted(headers_of(file, set()))]:
            text.update(part.read_bytes())
        return text.hexdigest()

    def check(self, file: pathlib.Path) -> str:
        """What is wrong with the file; empty when nothing is."""
        if str(file) not in self.commands:
            return ""  # not part of this build
        known = self.memory / self.key(file)
        if known.exists():
            return ""
        done = subprocess.run(["clang-tidy", "--quiet", "-p", str(self.build), str(file)], cwd=ROOT,
                              capture_output=True, text=True, check=False)
        if done.returncode == 0 and not done.stdout.strip():
            known.touch()
            return ""
        return done.stdout + ("" if done.stdout else done.stderr)


def main() -> int:
    build = (ROOT / sys.argv[1]).resolve()
    files = chosen(sys.argv[2:])
    start = time.monotonic()
    tidy = Tidy(build)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for findings in pool.map(tidy.check, files):
            if findings:
                bad += 1
                print(findings, end="")
    print(f"clang-tidy: {len(files)} files in {time.monotonic() - start:.0f} s, "
          f"{f'{bad} with findings' if bad else 'clean'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
