#!/usr/bin/env python3
"""Fails on an #include that crosses rooms against the table of docs/design.md.

The table below is the one place that says which room may use which header. CMake links by the same
rule, which catches calls into other rooms but not their headers: all rooms share the include
directory src/, so that an include names its room.
"""
import pathlib
import re
import sys

ALLOWED = {
    "base": set(),
    "schema": {"base"},
    "workload": {"base", "schema"},
    "chip/arch": {"base", "schema"},
    "chip/mapping": {"base", "schema", "workload", "chip/arch"},
    "chip/cost": {"base", "schema", "workload", "chip/arch", "chip/mapping"},
    "chip/mapper": {"base", "schema", "workload", "chip/arch", "chip/mapping", "chip/cost"},
    "chip/fusion": {"base", "schema", "workload", "chip/arch", "chip/mapping", "chip/cost",
                    "chip/mapper"},
    "chip/overlay": {"base", "schema", "workload", "chip/arch"},
    "chip/validation": {"base", "schema", "workload", "chip/arch", "chip/mapping", "chip/cost",
                        "chip/mapper"},
    "train/agent": {"base", "schema"},
    "train/nn": {"base", "schema", "workload"},
    "train/quant": {"base", "schema", "workload", "train/nn", "train/prune"},
    "train/fault": {"base", "schema", "workload", "train/nn", "train/quant"},
    "train/robust": {"base", "schema", "workload", "train/nn", "train/quant", "train/fault"},
    "train/prune": {"base", "schema", "workload", "train/nn"},
    "train/export": {"base", "schema", "workload"},
    "pareto": {"base", "schema"},
    "study": {"base", "schema", "workload", "chip/arch", "chip/mapping", "chip/cost",
              "chip/mapper", "chip/fusion", "chip/overlay", "pareto"},
    "report": {"base", "schema", "workload", "study", "chip/arch", "chip/mapping", "chip/cost",
               "chip/mapper", "chip/fusion", "chip/overlay"},
}
EVERYTHING = {"cli", "python"}
# The vocabulary of both wings, a header without code: names of dimensions and operand roles.
VOCABULARY = {"workload/dims.hpp"}
MAY_SEE_VOCABULARY = {"chip/arch"}
# The torch wall: rooms outside train/ see training only through these torch-free headers.
TORCH_FREE = {"train/agent/agent.hpp", "train/fault/fault.hpp", "train/fault/flip_campaign.hpp",
              "train/quant/backend.hpp", "train/quant/integer_network.hpp",
              "train/nn/dataset.hpp", "train/nn/safetensors.hpp", "train/prune/criterion.hpp"}
MAY_SEE_TORCH_FREE = {"study", "report", "train/export"}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def room_of(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] in ("chip", "train") else parts[0]


def problems(root: pathlib.Path):
    for file in sorted((root / "src").rglob("*.[ch]pp")):
        relative = file.relative_to(root / "src").as_posix()
        room = room_of(relative)
        if room not in ALLOWED and room not in EVERYTHING:
            yield f"src/{relative}: room '{room}' is not in the table"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1)
            if target.startswith(("torch/", "ATen/", "c10/")) and not room.startswith("train/"):
                yield f"src/{relative}:{number}: {target}: only train/ may include libtorch"
            if not (root / "src" / target).exists():
                continue
            other = room_of(target)
            if other == room or room in EVERYTHING or other in ALLOWED[room]:
                continue
            if room in MAY_SEE_TORCH_FREE and target in TORCH_FREE:
                continue
            if room in MAY_SEE_VOCABULARY and target in VOCABULARY:
                continue
            yield f"src/{relative}:{number}: room '{room}' may not include {target}"
    for header in sorted(TORCH_FREE):
        file = root / "src" / header
        if file.exists() and re.search(r'#\s*include\s*[<"](torch|ATen|c10)/', file.read_text()):
            yield f"src/{header}: listed as torch-free but includes libtorch"


if __name__ == "__main__":
    found = list(problems(pathlib.Path(__file__).resolve().parent.parent))
    print("\n".join(found) if found else "rooms: every include follows the table")
    sys.exit(1 if found else 0)
