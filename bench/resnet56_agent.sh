#!/usr/bin/env bash
# NSGA-II against the agent in the manner of HAQ, ResNet-56 on bitfusion, the same number of measured
# plans:  HWFLOW_DATA=... bench/resnet56_agent.sh [HWFLOW]
# Both search examples/07_resnet56_bitfusion.yaml. The agent's best plan is its most accurate one
# within its budget; ours is the most accurate plan of NSGA-II that costs at least 20 % less energy
# and 45 % less time than that. Both are chosen by the search's images, trained alike (EPOCHS, LR)
# and tested once, image by image. By the environment: OUT (kept; a run goes on), SEED, THREADS,
# EVALUATIONS, SETTINGS (more --set of both), EPOCHS, MORE (a folder that is trained on as well).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/find_hwflow.sh
source "$here/find_hwflow.sh"
: "${HWFLOW_DATA:?set it to the folder with weights/ and cifar10/}"
study=$here/../examples/07_resnet56_bitfusion.yaml
float=$HWFLOW_DATA/weights/akamaster_resnet56-4bfd9763.safetensors
out=${OUT:-runs/resnet56_agent}
read -ra settings <<<"${SETTINGS:-}"
threads=${THREADS:-0}
search() { # ALGORITHM EVALUATIONS
  local folder=$out/$1 arguments=() setting
  if [[ -f $folder/result.json ]] && ! grep -q '"stopped": true' "$folder/result.json"; then return; fi
  if [[ -f $folder/runs.sqlite ]]; then arguments+=(--resume); fi
  for setting in "search.algorithm=$1" "search.evaluations=$2" finish.picks=0 finish.epochs=0 \
    accuracy.confirm_images=0 "export=[]" "${settings[@]}"; do
    arguments+=(--set "$setting")
  done
  "${hwflow:?}" codesign "$study" --out "$folder" --seed "${SEED:-1}" --threads "$threads" \
    "${arguments[@]}" >"$out-$1.txt"
}

search agent "${EVALUATIONS:-600}"
# An agent that has come to rest makes the same plan again and again: both measure what it measured.
search nsga2 "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["evaluations"])' \
  "$out/agent/result.json")"

python3 - "$out" <<'PYTHON'
import csv
import pathlib
import sys

out = pathlib.Path(sys.argv[1])


def plans(algorithm):
    with open(out / algorithm / "evaluations.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["right"], row["energy"], row["time"] = (
            int(row["correct"]), float(row["energy_pj"]), int(row["cycles"]))
    return rows


def best(rows):  # the most accurate, of these the cheapest
    return max(rows, key=lambda row: (row["right"], -row["energy"], -row["time"]))


agent, bred = plans("agent"), plans("nsga2")
theirs = best([row for row in agent if row["origin"] == "agent"])
within = [row for row in bred if row["origin"] != "uniform"
          and row["energy"] <= 0.80 * theirs["energy"] and row["time"] <= 0.55 * theirs["time"]]
print(f"plans measured: agent {len(agent)}, NSGA-II {len(bred)}")
print("| plan | right on the search images | energy | cycles | mean bits |\n|---|---|---|---|---|")


def line(name, row):
    pairs = [pair.split("/") for pair in row["plan"].split()]
    bits = "/".join(f"{sum(int(pair[i]) for pair in pairs) / len(pairs):.2f}" for i in (0, 1))
    print(f"| {name} | {row['right']} of {row['total']} | {row['energy'] / 1e6:.2f} uJ "
          f"({row['energy'] / theirs['energy'] - 1:+.1%}) | {row['time']} "
          f"({row['time'] / theirs['time'] - 1:+.1%}) | {bits} |")


line("uniform, widest", bred[0])
line("agent's best", theirs)
if not within:
    sys.exit("no plan of NSGA-II saves so much")
ours = best(within)
line("ours", ours)
uniform = [row for row in bred if row["origin"] == "uniform"
           and row["energy"] <= 0.80 * theirs["energy"] and row["time"] <= 0.55 * theirs["time"]]
if uniform:
    line("best uniform as cheap", best(uniform))
(out / "agent.plan").write_text(theirs["plan"])
(out / "ours.plan").write_text(ours["plan"])
PYTHON

more=()
if [[ -n ${MORE:-} ]]; then more=(--more-data "$MORE"); fi
for plan in agent ours; do
  folder=$out/trained-$plan
  [[ -f $folder/resnet56_quantized.safetensors ]] && continue
  resume=()
  if [[ -f $folder/checkpoint.safetensors ]]; then resume=(--resume); fi
  "$hwflow" train resnet56 --data cifar10 --initial "$float" --normalization imagenet \
    --plan "$(<"$out/$plan.plan")" --hold-out 0 --distill 1 --epochs "${EPOCHS:-4}" --lr "${LR:-0.002}" \
    --warmup 0.5 --weight-decay 1e-4 --seed "${SEED:-1}" --threads "$threads" --out "$folder" \
    "${resume[@]}" "${more[@]}"
done
"$hwflow" test "$out/trained-ours/resnet56_quantized.safetensors" --data cifar10 --mode integer \
  --against "$out/trained-agent/resnet56_quantized.safetensors" --against-mode integer --margin 0.5
