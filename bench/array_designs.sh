#!/usr/bin/env bash
# Designs of spatial arrays searched by NSGA-II against all of them priced, inside the same search for
# plans, as Markdown:  bench/array_designs.sh [HWFLOW]
# examples/08_fmnist_array.yaml without re-training. By the environment: STUDY, SEEDS (1), THREADS, OUT
# (kept when named), INNER ("POPULATIONxGENERATIONS ...", 8x2 20x5), SETTINGS (more --set of every run).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/study_runs.sh
source "$here/study_runs.sh"
study=${STUDY:-$here/../examples/08_fmnist_array.yaml}
read -ra seeds <<<"${SEEDS:-1}"
read -ra inner <<<"${INNER:-8x2 20x5}"
for size in "${inner[@]}"; do
  if [[ ! $size =~ ^[0-9]+x[0-9]+$ ]]; then
    echo "INNER: '$size' is not POPULATIONxGENERATIONS, for example 20x5" >&2
    exit 2
  fi
done

run() { # FOLDER SEED SETTING...
  if is_done "$1"; then return; fi
  rm -rf "$1"
  run_study "$1" "$2" finish.epochs=0 "${@:3}"
}
for seed in "${seeds[@]}"; do
  run "$out/all-$seed" "$seed" hardware.search.array.most_exhaustive=1000000
  for size in "${inner[@]}"; do
    run "$out/$size-$seed" "$seed" hardware.search.array.most_exhaustive=1 \
      "hardware.search.array.population=${size%x*}" "hardware.search.array.generations=${size#*x}"
  done
done

python3 - "$out" "${seeds[*]}" "all ${inner[*]}" <<'PYTHON'
import json
import sys

folder, seeds, arms = sys.argv[1], sys.argv[2].split(), sys.argv[3].split()
print("| seed | designs | plans | measured | pairs | hypervolume | share of exact | s for designs | s |\n" + "|---" * 9 + "|")
for seed in seeds:
    results = {arm: json.load(open(f"{folder}/{arm}-{seed}/result.json"))["hardware_search"] for arm in arms}
    exact = results["all"]["curve"][-1]["hypervolume"]
    for arm, found in results.items():
        end = found["curve"][-1]
        what = "all" if arm == "all" else f"NSGA-II, population and generations {arm}"
        print(f"| {seed} | {what} | {end['considered']} | {end['evaluations']} | {end['pairs']} | {end['hypervolume']:.5f} | "
              f"{100 * end['hypervolume'] / exact:.1f} % | {end['hardware_seconds']:.1f} | {end['seconds']:.1f} |")
PYTHON
