#!/usr/bin/env bash
# ResNet-56 with half the energy and half the latency, trained and tested:
#   HWFLOW_DATA=... bench/resnet56_pruned.sh [HWFLOW]
# Searches examples/11_resnet56_pruned.yaml, takes the plan with the most accurate search images among those
# within SHARE (0.5) of the whole network's energy and of its latency, removes its channels from the
# published network, refits and trains what is left (hwflow prune: EPOCHS 7, LR 0.05, the whole
# network teaches), and tests both on the 9,000 test images that were not searched on, image by image,
# against MARGIN (1 point). LONGER=1: 12 epochs more (a hundred minutes of one thread).
# Both are tested in float; costs are at 8 bits, of both.
# By the environment besides: OUT (kept; a run that was stopped goes on), SEED, THREADS, DATA_DIR (another
# folder of CIFAR-10 files to train on), SETTINGS (more --set of the search).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/study_runs.sh
source "$here/study_runs.sh"
study=$here/../examples/11_resnet56_pruned.yaml
float=${HWFLOW_DATA:?the folder with weights/ and cifar10/}/weights/akamaster_resnet56-4bfd9763.safetensors
seed=${SEED:-1}
threads=${THREADS:-0}

if ! is_done "$out/search"; then
  mkdir -p "$out/search"
  run_study "$out/search" "$seed"
fi
channels=$(python3 - "$out/search/result.json" "${SHARE:-0.5}" <<'PYTHON'
import json
import sys

found = json.load(open(sys.argv[1]))
share = float(sys.argv[2])
plans = found["front"] + found["baselines"]
whole = [max(plan[cost] for plan in plans) for cost in ("energy_pj", "cycles")]
within = [
    plan
    for plan in plans
    if all(plan[cost] <= share * most for cost, most in zip(("energy_pj", "cycles"), whole))
]
if not within:
    sys.exit("no plan is within both shares: more evaluations, or a greater SHARE")
best = max(within, key=lambda plan: plan["accuracy"])
shares = [best[cost] / most for cost, most in zip(("energy_pj", "cycles"), whole)]
print(
    f"searched: {100 * best['accuracy']:.2f} % untrained, at 8 bits {shares[0]:.3f} of the energy, "
    f"{shares[1]:.3f} of the latency",
    file=sys.stderr,
)
print(best["plan"].split("|")[1].strip())
PYTHON
)

prune() { # FOLDER MORE...
  "$hwflow" prune resnet56 --weights "$float" --data cifar10 --normalization imagenet --hold-out 0 \
    --channels "$channels" --seed "$seed" --threads "$threads" --out "$1" "${@:2}"
}
resume=()
if [[ -f $out/trained/checkpoint.safetensors ]]; then resume=(--resume); fi
data=()
if [[ -n ${DATA_DIR:-} ]]; then data=(--data-dir "$DATA_DIR"); fi
prune "$out/trained" --bits 8/8 --epochs "${EPOCHS:-7}" --lr "${LR:-0.05}" --warmup 0.5 --weight-decay 0.0002 \
  "${data[@]}" "${resume[@]}"
weights=$out/trained/resnet56_pruned.safetensors

longer() { # FOLDER MORE...: trains what `weights` names on, the whole network teaches
  local resume=()
  if [[ -f $out/$1/checkpoint.safetensors ]]; then resume=(--resume); fi
  "$hwflow" train "$out/trained/resnet56_pruned.yaml" --initial "$weights" --normalization imagenet --data cifar10 \
    --hold-out 0 --teacher "$float" --teacher-network resnet56 --seed "$seed" --threads "$threads" \
    --out "$out/$1" "${@:2}" "${data[@]}" "${resume[@]}"
  weights=$out/$1/resnet56_pruned.safetensors
}
if [[ ${LONGER:-0} == 1 ]]; then
  longer again --distill 0.5 --epochs 12 --lr 0.05 --warmup 0.5 --weight-decay 0.0002
fi
"$hwflow" test "$weights" --network "$out/trained/resnet56_pruned.yaml" --data cifar10 --without-search 1000 \
  --against "$float" --against-network resnet56 --against-normalization imagenet \
  --margin "${MARGIN:-1}" --threads "$threads"
