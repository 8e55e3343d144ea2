#!/usr/bin/env bash
# How far the accuracy methods of a study agree in ranking plans, and what each costs, as Markdown:
#   bench/accuracy_methods.sh [HWFLOW]
# The same PLANS plans (16: the uniform ones and plans drawn at random, first and last layer at 8/8) of
# examples/01_fmnist_eyeriss.yaml are measured by METHODS on the same search images. By the environment
# besides: STUDY, SEEDS (1; of the draw), THREADS, SETTINGS (more --set of every run), OUT (kept when named).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/study_runs.sh
source "$here/study_runs.sh"
study=${STUDY:-$here/../examples/01_fmnist_eyeriss.yaml}
read -ra methods <<<"${METHODS:-calibrated reestimated finetuned trained}"
read -ra seeds <<<"${SEEDS:-1}"

for seed in "${seeds[@]}"; do
  for method in "${methods[@]}"; do
    folder=$out/$method-$seed
    if is_done "$folder"; then continue; fi
    options=()
    if [[ -f $folder/runs.sqlite ]]; then options=(--resume); fi
    run_study "$folder" "$seed" "accuracy.method=$method" search.algorithm=random "search.evaluations=${PLANS:-16}" \
      "search.pinned=[{layer: first, weights: 8, inputs: 8}, {layer: last, weights: 8, inputs: 8}]" \
      mapper.max_evaluations=500 "finish.baselines=[]"
  done
done

python3 - "$out" "${methods[*]}" "${seeds[*]}" <<'PYTHON'
import csv
import json
import sys

folder, methods, seeds = sys.argv[1], sys.argv[2].split(), sys.argv[3].split()


def ranks(values):
    """1 for the least; equal values share the mean of their ranks."""
    order = sorted(values)
    return [order.index(value) + (order.count(value) + 1) / 2 for value in values]


def correlation(a, b):
    a, b = ranks(a), ranks(b)
    mean = (len(a) + 1) / 2
    spread = [sum((x - mean) ** 2 for x in values) for values in (a, b)]
    return sum((x - mean) * (y - mean) for x, y in zip(a, b)) / (spread[0] * spread[1]) ** 0.5


def read(method, seed):
    with open(f"{folder}/{method}-{seed}/evaluations.csv") as file:
        rows = list(csv.DictReader(file))
    seconds = json.load(open(f"{folder}/{method}-{seed}/result.json"))["run"]["seconds"]["search"]
    return {row["plan"]: row for row in rows}, seconds


print("| seed | method | plans | least accuracy | mean | greatest | s a plan (mapping too) | " +
      " | ".join(f"rank correlation with {method}" for method in methods) + " |\n" + "|---" * (7 + len(methods)) + "|")
for seed in seeds:
    found = {method: read(method, seed) for method in methods}
    plans = sorted(set.intersection(*(set(rows) for rows, _ in found.values())))
    values = {method: [float(rows[plan]["accuracy"]) for plan in plans] for method, (rows, _) in found.items()}
    for method, mine in values.items():
        cells = [seed, method, len(plans), f"{100 * min(mine):.2f} %", f"{100 * sum(mine) / len(mine):.2f} %",
                 f"{100 * max(mine):.2f} %", f"{found[method][1] / len(plans):.1f}"]
        cells += [f"{correlation(mine, values[other]):.2f}" for other in methods]
        print("| " + " | ".join(str(cell) for cell in cells) + " |")
PYTHON
