#!/usr/bin/env bash
# What nesting the search for hardware in the search for plans saves, as Markdown:
#   bench/nested.sh [HWFLOW]
# Processor seconds are of all threads: what else runs on the machine hardly changes them.
# examples/05_resnet20_bismo.yaml without re-training, nested, sequential and sequential_all (designs of
# every plan measured, not of the front of bit operations alone), a store of their own each, so that
# every accuracy is measured. Other choices by the environment: STUDY, SEEDS, THREADS,
# SETTINGS (more --set of every run), OUT (kept when named), and IMAGES, POPULATION, GENERATIONS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/study_runs.sh
source "$here/study_runs.sh"
study=${STUDY:-$here/../examples/05_resnet20_bismo.yaml}
read -ra seeds <<<"${SEEDS:-1 2 3}"

for seed in "${seeds[@]}"; do
  for order in sequential sequential_all nested; do
    folder=$out/$order-$seed
    if is_done "$folder"; then continue; fi
    rm -rf "$folder"   # a run that was cut short would find its accuracies in the store
    run_study "$folder" "$seed" "hardware.search.order=$order" "accuracy.search_images=${IMAGES:-500}" \
      "search.population=${POPULATION:-20}" "search.generations=${GENERATIONS:-12}" finish.epochs=0 \
      "finish.baselines=[{weights: 8, inputs: 8}]"
  done
done

python3 - "$out" "${seeds[*]}" <<'PYTHON'
import json
import statistics
import sys

folder, seeds = sys.argv[1], sys.argv[2].split()


def curve(order, seed):
    return json.load(open(f"{folder}/{order}-{seed}/result.json"))["hardware_search"]["curve"]


def reached(points, volume):
    """The first generation at which the pairs dominate as much."""
    return next((point for point in points if point["hypervolume"] >= volume), None)


def sequential_base(points, volume):
    """As if the search had been stopped when it dominated as much, and its designs searched then."""
    found, end, before = reached(points, volume), points[-1], points[-2]
    return {"evaluations": found["evaluations"], "seconds": found["seconds"] + end["hardware_seconds"],
            "cpu_seconds": found["cpu_seconds"] + end["cpu_seconds"] - before["cpu_seconds"]}


KEYS = ("evaluations", "seconds", "cpu_seconds")
print("| seed | order | plans | measured | hypervolume | s | of these for designs | processor s |\n" + "|---" * 8 + "|")
for seed in seeds:
    for order in ("sequential", "sequential_all", "nested"):
        end = curve(order, seed)[-1]
        row = [seed, order, end["considered"], end["evaluations"], f"{end['hypervolume']:.4f}",
               f"{end['seconds']:.1f}", f"{end['hardware_seconds']:.1f}", f"{end['cpu_seconds']:.1f}"]
        print("| " + " | ".join(str(cell) for cell in row) + " |")

print("\nUntil nested dominates as much as the other ever does, or a share of it; 0 where it never did:\n\n"
      "| seed | against | its best after | nested as good after | less measured | less time | "
      "less processor time | less time to 99 % | 95 % | 90 % |\n" + "|---" * 10 + "|")
saved = {"sequential": [], "sequential_all": []}
for seed in seeds:
    nested = curve("nested", seed)
    for order, rows in saved.items():
        points = curve(order, seed)
        goal = max(point["hypervolume"] for point in points)
        base, first = sequential_base(points, goal), reached(nested, goal)
        rows.append([1 - first[key] / base[key] if first else 0.0 for key in KEYS])
        for share in (0.99, 0.95, 0.9):
            part = reached(nested, share * goal)
            whole = sequential_base(points, share * goal)["seconds"]
            rows[-1].append(1 - part["seconds"] / whole if part else 0.0)
        cells = [seed, order, f"{base['evaluations']} measured, {base['seconds']:.1f} s",
                 f"{first['evaluations']} measured, {first['seconds']:.1f} s" if first else "never"]
        cells += [f"{100 * value:.0f} %" for value in rows[-1]]
        print("| " + " | ".join(str(cell) for cell in cells) + " |")
for order, rows in saved.items():
    for what, column in (("mean", [100 * statistics.mean(column) for column in zip(*rows)]),
                         ("standard error", [100 * statistics.stdev(column) / len(rows) ** 0.5 if len(rows) > 1 else
                                             float("nan") for column in zip(*rows)])):
        print(f"| {what} | {order} | | | " + " | ".join(f"{value:.0f} %" for value in column) + " |")
PYTHON
