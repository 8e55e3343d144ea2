#!/usr/bin/env bash
# Channels at equal energy, as Markdown:  bench/pruning.sh [HWFLOW]
# examples/10_fmnist_agent.yaml without re-training, by each of VARIANTS: uniform (the same share of every
# group) and magnitude (by score, whatever the group), which have a finer grid of shares than the others;
# agent (the episodes of the study at most), evolution, nsga2, greedy, random with EVALUATIONS plans and
# each of SEEDS.
# Told is the accuracy of the most accurate plan within each of BUDGETS, shares of the whole network's
# energy, on the search images, before any re-training: the more plans, the luckier the best of them.
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
      run "$variant" "${seeds[0]}" "search.channels.shares=[${grid%, }]" "search.evaluations=null"
      ;;
    agent | evolution | nsga2 | greedy | random)
      # As the agents: no single steps before the first plan within a budget, and small broods.
      few=()
      if [[ $variant == evolution ]]; then few=(search.sensitivity_seeds=false search.population=16); fi
      for seed in "${seeds[@]}"; do
        run "$variant" "$seed" "search.evaluations=$evaluations" "search.budgets=[${joined%, }]" "${few[@]}"
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


print("| variant | evaluations |", " | ".join(f"within {b} of the energy" for b in budgets), "|")
print("|---|---|" + "---|" * len(budgets))
for variant in variants:
    runs = [found for found in (result(variant, seed) for seed in seeds) if found]
    cells = []
    for budget in budgets:
        plans = [plan for plan in (best(found, budget) for found in runs) if plan]
        right = [100 * plan["accuracy"] for plan in plans]
        spread = f" ± {statistics.stdev(right):.2f}" if len(right) > 1 else ""
        cells.append(f"{statistics.mean(right):.2f}{spread} % ({len(right)})" if right else "none")
    counts = "/".join(str(found["evaluations"]) for found in runs)
    print(f"| {variant} | {counts} |", " | ".join(cells), "|")
PYTHON
