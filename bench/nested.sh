#!/usr/bin/env bash
# What nesting the search for hardware in the search for plans saves, as Markdown:
#   bench/nested.sh [HWFLOW]
# Processor seconds are of all threads: what else runs on the machine hardly changes them.
# examples/05_resnet20_bismo.yaml without re-training, nested and sequential, a store of their own each,
# so that every accuracy is measured. Other choices by the environment: STUDY, SEEDS, THREADS,
# SETTINGS (more --set of every run), OUT (kept when named), and IMAGES, POPULATION, GENERATIONS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/find_hwflow.sh
source "$here/find_hwflow.sh"
study=${STUDY:-$here/../examples/05_resnet20_bismo.yaml}
read -ra seeds <<<"${SEEDS:-1 2 3}"
read -ra settings <<<"${SETTINGS:-}"
if [[ -n ${OUT:-} ]]; then
  out=$OUT
  mkdir -p "$out"
else
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
fi

for seed in "${seeds[@]}"; do
  for order in sequential nested; do
    folder=$out/$order-$seed
    if [[ -f $folder/result.json ]] && ! grep -q '"stopped": true' "$folder/result.json"; then continue; fi
    rm -rf "$folder"   # a run that was cut short would find its accuracies in the store
    arguments=()
    for setting in "hardware.search.order=$order" "accuracy.search_images=${IMAGES:-500}" \
      "search.population=${POPULATION:-20}" "search.generations=${GENERATIONS:-12}" \
      accuracy.confirm_images=0 finish.picks=0 finish.epochs=0 \
      "finish.baselines=[{weights: 8, inputs: 8}]" "export=[]" "${settings[@]}"; do
      arguments+=(--set "$setting")
    done
    "${hwflow:?}" codesign "$study" --out "$folder" --seed "$seed" --threads "${THREADS:-0}" --quiet \
      "${arguments[@]}"
  done
done

python3 - "$out" "${seeds[*]}" <<'PYTHON'
import json
import sys

folder, seeds = sys.argv[1], sys.argv[2].split()


def curve(order, seed):
    return json.load(open(f"{folder}/{order}-{seed}/result.json"))["hardware_search"]["curve"]


def reached(points, volume):
    """The first generation at which the pairs dominate as much."""
    return next((point for point in points if point["hypervolume"] >= volume), None)


def less(part, whole):
    return f"{100 * (1 - part / whole):.0f} %"


print("| seed | order | plans | measured | hypervolume | s | of these for designs | processor s | "
      "as good as sequential after | | less measured | less time | less processor time |\n" + "|---" * 13 + "|")
saved, failed = [], 0
for seed in seeds:
    sequential, nested = curve("sequential", seed), curve("nested", seed)
    goal = max(point["hypervolume"] for point in sequential)
    # As if sequential had been stopped when it was as good as it would get, and its designs searched then.
    best = reached(sequential, goal)
    base = {"evaluations": best["evaluations"],
            "seconds": best["seconds"] + sequential[-1]["hardware_seconds"],
            "cpu_seconds": best["cpu_seconds"] + sequential[-1]["cpu_seconds"] - sequential[-2]["cpu_seconds"]}
    for order, points in (("sequential", sequential), ("nested", nested)):
        end = points[-1]
        row = [seed, order, end["considered"], end["evaluations"], f"{end['hypervolume']:.4f}",
               f"{end['seconds']:.1f}", f"{end['hardware_seconds']:.1f}", f"{end['cpu_seconds']:.1f}"]
        if order == "nested":
            first = reached(points, goal)
            if first:
                parts = [(first[key], base[key]) for key in ("evaluations", "seconds", "cpu_seconds")]
                row += [f"{first['evaluations']} measured", f"{first['seconds']:.1f} s, processor {first['cpu_seconds']:.1f} s"]
                row += [less(part, whole) for part, whole in parts]
                saved.append([1 - part / whole for part, whole in parts])
            else:
                row += ["never", "", "", "", ""]
                saved.append([0.0, 0.0, 0.0])
                failed += 1
        else:
            row += [f"best after {base['evaluations']} measured", f"{base['seconds']:.1f} s, processor {base['cpu_seconds']:.1f} s", "", "", ""]
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def seconds_to(points, volume, designs=0.0):
    first = reached(points, volume)
    return f"{first['seconds'] + designs:.1f} s" if first else "never"


print("\n| seed | order | to 90 % of sequential's best | 95 % | 99 % |\n" + "|---" * 5 + "|")
for seed in seeds:
    sequential, nested = curve("sequential", seed), curve("nested", seed)
    goal = max(point["hypervolume"] for point in sequential)
    # Sequential has its designs after its last generation only.
    for order, points, designs in (("sequential", sequential, sequential[-1]["hardware_seconds"]),
                                   ("nested", nested, 0.0)):
        cells = [seconds_to(points, share * goal, designs) for share in (0.9, 0.95, 0.99)]
        print(f"| {seed} | {order} | " + " | ".join(cells) + " |")
if saved:
    mean = [100 * sum(column) / len(saved) for column in zip(*saved)]
    print(f"\nNested reached sequential's best hypervolume for {len(saved) - failed} of {len(seeds)} seeds; "
          f"on average (0 where it never did) with {mean[0]:.0f} % fewer measured plans, "
          f"{mean[1]:.0f} % less time and {mean[2]:.0f} % less processor time.")
PYTHON
