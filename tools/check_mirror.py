#!/usr/bin/env python3
"""Fails when src/<room>/<file>.cpp has no tests/<room>/<file>_test.cpp and no written reason.

Reasons stand in tools/mirror_exceptions.txt: one "path  reason" a line.
"""
import pathlib
import sys


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    exceptions = {}
    for line in (root / "tools/mirror_exceptions.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            path, _, reason = line.partition(" ")
            exceptions[path] = reason.strip()
    bad = [f"tools/mirror_exceptions.txt: {p}: no reason given" for p, r in exceptions.items() if not r]
    used = set()
    for source in sorted((root / "src").rglob("*.cpp")):
        path = source.relative_to(root / "src").as_posix()
        test = root / "tests" / (path.removesuffix(".cpp") + "_test.cpp")
        covering = [p for p in exceptions if path == p or (p.endswith("/") and path.startswith(p))]
        used.update(covering)
        if not test.exists() and not covering:
            bad.append(f"src/{path}: no tests/{path.removesuffix('.cpp')}_test.cpp")
    bad += [f"tools/mirror_exceptions.txt: {p}: no such source any more" for p in exceptions if p not in used]
    print("\n".join(bad) if bad else "tests: every source has its test or a reason")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
