#!/usr/bin/env bash
# What levels of abstraction save, and what other algorithms find, at an equal number of accuracy
# evaluations, as Markdown:  bench/levels.sh [HWFLOW]
# examples/04_fmnist_levels.yaml without re-training, three seeds; other choices by the environment:
# STUDY, ARCHS, EVALUATIONS, SEEDS, THREADS, SETTINGS (more --set of every run), OUT (kept when named), and
# VARIANTS: fine (no levels), levels (as the study says), random, greedy, uniform, agent. Accuracies do not
# depend on the machine: a run finds those of the runs before it (KNOWN: in that store, too). So the
# time of mapping is told, and that of accuracies is not. Half an hour on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/study_runs.sh
source "$here/study_runs.sh"
study=${STUDY:-$here/../examples/04_fmnist_levels.yaml}
read -ra archs <<<"${ARCHS:-eyeriss bitfusion}"
read -ra seeds <<<"${SEEDS:-1 2 3}"
read -ra variants <<<"${VARIANTS:-fine levels}"
evaluations=${EVALUATIONS:-440}

variant_settings() { # VARIANT: sets `chosen`
  case $1 in
    levels) chosen=() ;;
    fine) chosen=("search.levels=[]") ;;
    random | greedy | uniform | agent) chosen=("search.levels=[]" "search.algorithm=$1") ;;
    *) echo "no variant '$1': levels, fine, random, greedy, uniform or agent" >&2 && exit 2 ;;
  esac
}

keep_accuracies() { # STORE: becomes $out/known.sqlite without its mappings
  python3 - "$1" "$out/known.sqlite" <<'PYTHON'
import sqlite3
import sys

source, target = (sqlite3.connect(file) for file in sys.argv[1:])
source.backup(target)
target.execute("DELETE FROM mappings")
target.commit()
PYTHON
}

if [[ -n ${KNOWN:-} ]]; then keep_accuracies "$KNOWN"; fi
for arch in "${archs[@]}"; do
  for seed in "${seeds[@]}"; do
    for variant in "${variants[@]}"; do
      folder=$out/$arch-$variant-$seed
      if is_done "$folder"; then continue; fi
      variant_settings "$variant"
      mkdir -p "$folder"
      if [[ -f $out/known.sqlite ]]; then cp "$out/known.sqlite" "$folder/runs.sqlite"; fi
      run_study "$folder" "$seed" "accelerator=$arch" "search.evaluations=$evaluations" finish.epochs=0 \
        "finish.baselines=[{weights: 8, inputs: 8}]" "${chosen[@]}"
      keep_accuracies "$folder/runs.sqlite"
    done
  done
done

python3 - "$out" "${archs[*]}" "${variants[*]}" "${seeds[*]}" <<'PYTHON'
import json
import sys

folder, *lists = sys.argv[1:]
archs, variants, seeds = (words.split() for words in lists)


def facts(arch, variant, seed):
    result = json.load(open(f"{folder}/{arch}-{variant}-{seed}/result.json"))
    seconds = result["run"]["seconds"]
    last = result["levels"][-1]
    return {"evaluations": result["evaluations"], "layers": last["generations"][-1]["schedules_searched"],
            "mapping": seconds["mapping"],
            "hypervolume": result["hypervolume"],
            "ruled out": last["skipped"],
            "space": [level["space_log10"] for level in result["levels"]]}


print("| accelerator | variant | accuracies | layers mapped | mapping, s | "
      "hypervolume | by seed | plans ruled out | log10 of the space |\n|---|---|---|---|---|---|---|---|---|")
for arch in archs:
    for variant in variants:
        runs = [facts(arch, variant, seed) for seed in seeds]

        def mean(key):
            return sum(run[key] for run in runs) / len(runs)

        spaces = [f"{sum(x) / len(runs):.1f}" for x in zip(*(run["space"] for run in runs))]
        print(f"| {arch} | {variant} | {mean('evaluations'):.0f} | {mean('layers'):.0f} | {mean('mapping'):.1f} | "
              f"{mean('hypervolume'):.4f} | "
              + " ".join(f"{run['hypervolume']:.4f}" for run in runs)
              + f" | {mean('ruled out'):.0f} | {' > '.join(spaces)} |")
PYTHON
