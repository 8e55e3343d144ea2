#!/usr/bin/env bash
# How far random, annealing and genetic end above the proved optimum at an equal number of
# evaluations, as Markdown:  bench/heuristics.sh [HWFLOW]
# Exact counting, 400,000 evaluations a layer, three seeds; other choices by the environment:
# NET, ARCH, OBJECTIVES, EVALUATIONS, SEEDS, STRATEGIES, THREADS, and PROOF, the lists of choices
# after which a proof is given up: then the best value that any strategy found stands for the optimum.
set -euo pipefail
hwflow=${1:-build/release/src/cli/hwflow}
net=${NET:-resnet18}
arch=${ARCH:-eyeriss}
read -ra objectives <<<"${OBJECTIVES:-edp energy}"
read -ra strategies <<<"${STRATEGIES:-random annealing genetic}"
read -ra seeds <<<"${SEEDS:-1 2 3}"
evaluations=${EVALUATIONS:-400000}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

map() { # JSON, options of hwflow map
  "$hwflow" map "$net" --arch "$arch" --threads "${THREADS:-0}" --quiet --json "$@"
}

for objective in "${objectives[@]}"; do
  map "$out/$objective.json" --objective "$objective" --max-evaluations "${PROOF:-4000000}"
  for strategy in "${strategies[@]}"; do
    for seed in "${seeds[@]}"; do
      map "$out/$objective-$strategy-$seed.json" --objective "$objective" --strategy "$strategy" \
        --max-evaluations "$evaluations" --seed "$seed"
    done
  done
done

python3 - "$out" "${objectives[*]}" "${strategies[*]}" "${seeds[*]}" <<'PYTHON'
import json
import sys

folder, *lists = sys.argv[1:]
objectives, strategies, seeds = (words.split() for words in lists)
VALUES = {"energy": lambda layer: layer["energy_pj"], "latency": lambda layer: layer["cycles"],
          "edp": lambda layer: layer["energy_pj"] * layer["cycles"],
          "dram": lambda layer: layer["dram_bits"]}


def read(name, objective):
    layers = json.load(open(f"{folder}/{name}.json"))["layers"]
    return layers, [VALUES[objective](layer) for layer in layers]


def cell(distances):
    mean = sum(distances) / len(distances)
    return ", ".join(f"{100 * x:.2f} %" if x < 1 else f"x {x + 1:.3g}"
                     for x in (mean, max(distances)))


for objective in objectives:
    layers, best = read(objective, objective)
    columns = {}
    found = {strategy: [read(f"{objective}-{strategy}-{seed}", objective)[1] for seed in seeds]
             for strategy in strategies}
    best = [min([value] + [run[i] for runs in found.values() for run in runs])
            for i, value in enumerate(best)]
    for strategy, runs in found.items():
        columns[strategy] = [[run[i] / best[i] - 1 for run in runs] for i in range(len(best))]
    print(f"\n| {objective}: mean, worst above the optimum | optimum | "
          + " | ".join(strategies) + " |\n|---|---|" + "---|" * len(strategies))
    for i, layer in enumerate(layers):
        shape = layer["shape"]
        name = "{name} ({k}x{c}, {p}x{q}, {r}x{s})".format(name=layer["name"], **shape)
        value = f"{best[i]:.5g}" + ("" if layer["optimal"] else " (best found)")
        print(f"| {name} | {value} | " + " | ".join(cell(columns[s][i]) for s in strategies) + " |")
    every = [cell([d for row in columns[s] for d in row]) for s in strategies]
    print("| all layers | | " + " | ".join(every) + " |")
PYTHON
