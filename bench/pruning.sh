#!/usr/bin/env bash
# Channels at equal energy, as Markdown:  bench/pruning.sh [HWFLOW]
# examples/10_fmnist_agent.yaml without re-training, by each of VARIANTS: uniform (the same share of every
# group) and magnitude (by score, whatever the group), which have a finer grid of shares than the others;
# agent (the episodes of the study at most), evolution, nsga2, greedy, random with EVALUATIONS plans and
# each of SEEDS.
# Told is the accuracy of the most accurate plan within each of BUDGETS, shares of the whole network's
# energy, on the search images, before any re-training: the more plans, the luckier the best of them.
# TEST=1 tests these plans, untrained and in float, on the whole test set, which chose nothing, beside
# the greatest uniform share within each budget (of the shipped study only).
# Accuracies do not depend on the variant: a run finds those of the runs before it.
# By the environment besides: STUDY, THREADS, OUT (kept when named), SETTINGS (more --set of every run).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/study_runs.sh
source "$here/study_runs.sh"
study=${STUDY:-$here/../examples/10_fmnist_agent.yaml}
read -ra seeds <<<"${SEEDS:-1 2 3}"
read -ra variants <<<"${VARIANTS:-uniform magnitude agent evolution nsga2}"
read -ra budgets <<<"${BUDGETS:-0.7 0.5}"
evaluations=${EVALUATIONS:-121}
grid=$(printf '%s, ' 0.2 0.25 0.3 0.35 0.4 0.45 0.5 0.55 0.6 0.65 0.7 0.75 0.8 0.85 0.9 0.95 1)
joined=$(printf '{of: energy, share: %s}, ' "${budgets[@]}")

run() { # VARIANT SEED SETTING...
  local folder=$out/$1-$2
  if is_done "$folder"; then return; fi
  mkdir -p "$folder"
  if [[ -f $out/known.sqlite ]]; then cp "$out/known.sqlite" "$folder/runs.sqlite"; fi
  run_study "$folder" "$2" "search.algorithm=$1" finish.epochs=0 "${@:3}"
  cp "$folder/runs.sqlite" "$out/known.sqlite"
}

for variant in "${variants[@]}"; do
  case $variant in
    uniform | magnitude)
      run "$variant" "${seeds[0]}" "search.channels.shares=[${grid%, }]" "search.evaluations=null" \
        "search.budgets=[]"
      ;;
    agent | evolution | nsga2 | greedy | random)
      within=("search.budgets=[]")
      if [[ $variant == agent || $variant == evolution ]]; then within=("search.budgets=[${joined%, }]"); fi
      # As the agents: no single steps before the first plan within a budget, and small broods.
      if [[ $variant == evolution ]]; then within+=(search.sensitivity_seeds=false search.population=16); fi
      for seed in "${seeds[@]}"; do
        run "$variant" "$seed" "search.evaluations=$evaluations" "${within[@]}"
      done
      ;;
    *) echo "no variant '$variant': uniform, magnitude, agent, evolution, nsga2, greedy or random" >&2 && exit 2 ;;
  esac
done

python3 - "$out" "${variants[*]}" "${seeds[*]}" "${budgets[*]}" <<'PYTHON'
import json
import os
import statistics
import sys

folder, *lists = sys.argv[1:]
variants, seeds, budgets = (words.split() for words in lists)


def result(variant, seed):
    file = f"{folder}/{variant}-{seed}/result.json"
    return json.load(open(file)) if os.path.exists(file) else None


def best(found, budget):
    whole = max(plan["energy_pj"] for plan in found["front"] + found["baselines"])
    within = [plan for plan in found["front"] if plan["energy_pj"] <= float(budget) * whole]
    return max(within, key=lambda plan: plan["accuracy"], default=None)


listed = open(f"{folder}/winners.txt", "w")
print("| variant | evaluations |", " | ".join(f"within {b} of the energy" for b in budgets), "|")
print("|---|---|" + "---|" * len(budgets))
for variant in variants:
    runs = [found for found in (result(variant, seed) for seed in seeds) if found]
    cells, winners = [], {}
    for budget in budgets:
        plans = winners[budget] = [plan for plan in (best(found, budget) for found in runs) if plan]
        right = [100 * plan["accuracy"] for plan in plans]
        spread = f" ± {statistics.stdev(right):.2f}" if len(right) > 1 else ""
        cells.append(f"{statistics.mean(right):.2f}{spread} % ({len(right)})" if right else "none")
    if variant != "uniform":
        for budget, plans in winners.items():
            for plan in plans:
                print(variant, budget, plan["plan"].split("|")[1], sep="|", file=listed)
    counts = "/".join(str(found["evaluations"]) for found in runs)
    print(f"| {variant} | {counts} |", " | ".join(cells), "|")
PYTHON

if [[ ${TEST:-0} != 1 ]]; then exit; fi
tested() { # WORDS...: right of the test set, and the share of the energy
  "$hwflow" prune fmnist_resnet --weights "$here/../models/fmnist_resnet.safetensors" --bits 8/8 --epochs 0 \
    --out "$out/tested" --threads "${THREADS:-0}" --quiet --json - "$@" |
    python3 -c 'import json, sys; told = json.load(sys.stdin); print(told["pruned"]["correct"], "of", told["test_images"], "right at {:.3f} of the energy".format(told["pruned"]["energy_pj"] / told["whole"]["energy_pj"]))'
}
echo
for budget in "${budgets[@]}"; do
  echo "within $budget: uniform, $(tested --rule uniform --within "energy=$budget")"
done
while IFS='|' read -r variant budget channels; do
  echo "within $budget: $variant, $(tested --channels "$channels")"
done <"$out/winners.txt"
