#!/usr/bin/env bash
# NSGA-II against the agent in the manner of HAQ, ResNet-56 on bitfusion, the same number of measured
# plans, as Markdown:  HWFLOW_DATA=... bench/resnet56_agent.sh [HWFLOW]
# Both search examples/07_resnet56_bitfusion.yaml for each of SEEDS (1 2 3), the agent within BUDGETS
# (latency:0.6 latency:0.33 energy:0.6, shares of the cost of 8/8; its plans are shared among them).
# For each budget bench/agent_comparison.py sets the agent's most accurate plan against the cheapest
# plan of NSGA-II that loses at most SEARCH_MARGIN points (0) to it on the search images. TRAIN=1 trains
# both alike (EPOCHS, LR) and tests them once, image by image, by MARGIN (0.5), on those test images that
# were not searched on.
# By the environment besides: OUT (kept; a run that was stopped goes on), THREADS, EVALUATIONS (600),
# SETTINGS (more --set of both), MORE (a folder that is trained on as well).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/find_hwflow.sh
source "$here/find_hwflow.sh"
study=$here/../examples/07_resnet56_bitfusion.yaml
out=${OUT:-runs/resnet56_agent}
margin=${MARGIN:-0.5}
search_margin=${SEARCH_MARGIN:-0}
evaluations=${EVALUATIONS:-600}
threads=${THREADS:-0}
read -ra seeds <<<"${SEEDS:-1 2 3}"
read -ra budgets <<<"${BUDGETS:-latency:0.6 latency:0.33 energy:0.6}"
read -ra settings <<<"${SETTINGS:-}"

problems=()
refuse_unless() { # NAME VALUE PATTERN WHAT
  if [[ ! $2 =~ ^($3)$ ]]; then problems+=("$1: '$2' is not $4"); fi
}
number='[0-9]+(\.[0-9]*)?|\.[0-9]+'
if [[ -z ${HWFLOW_DATA:-} ]]; then
  problems+=("HWFLOW_DATA: set it to the folder with weights/ and cifar10/")
fi
if ((${#seeds[@]} == 0)); then problems+=("SEEDS: names no seed, for example 1 2 3"); fi
for seed in "${seeds[@]}"; do refuse_unless SEEDS "$seed" '[0-9]+' "a seed, for example 1"; done
if ((${#budgets[@]} == 0)); then problems+=("BUDGETS: names none, for example latency:0.6"); fi
for budget in "${budgets[@]}"; do
  refuse_unless BUDGETS "$budget" '(energy|latency|dram|model_size):(0*\.0*[1-9][0-9]*|0*[1-9][0-9]*(\.[0-9]*)?)' \
    "a cost (energy, latency, dram or model_size) and a share above 0, for example latency:0.6"
done
refuse_unless EVALUATIONS "$evaluations" '[1-9][0-9]*' "a number of plans, 1 or more"
refuse_unless MARGIN "$margin" "$number" "a number of points, for example 0.5"
refuse_unless SEARCH_MARGIN "$search_margin" "$number" "a number of points, for example 0"
refuse_unless TRAIN "${TRAIN:-0}" '[01]' "0 or 1"
tests=${HWFLOW_DATA:-}/cifar10/test_batch.bin
if [[ ${TRAIN:-0} == 1 && $(stat -c %s "$tests" 2>/dev/null || echo 0) -ne $((10000 * 3073)) ]]; then
  problems+=("TRAIN=1: needs $tests with all 10,000 test images: the search takes 1,000 of them")
fi
if ((${#problems[@]} > 0)); then
  printf '%s\n' "${problems[@]}" >&2
  exit 2
fi
float=$HWFLOW_DATA/weights/akamaster_resnet56-4bfd9763.safetensors

mkdir -p "$out"
asked="evaluations $evaluations, budgets ${budgets[*]}, settings ${settings[*]}"
if [[ -f $out/asked.txt && $(<"$out/asked.txt") != "$asked" ]]; then
  printf '%s holds another comparison: name another OUT, or ask for the same\n  there: %s\n  here:  %s\n' \
    "$out" "$(<"$out/asked.txt")" "$asked" >&2
  exit 2
fi
printf '%s\n' "$asked" >"$out/asked.txt"

list_of_budgets() {
  local budget text=
  for budget in "${budgets[@]}"; do text+="${text:+, }{of: ${budget%:*}, share: ${budget#*:}}"; done
  printf '[%s]' "$text"
}
search() { # SEED ALGORITHM EVALUATIONS
  local folder=$out/seed-$1/$2 arguments=() setting
  # The agent chooses plans one at a time: there is nothing to choose among by prediction.
  if [[ $2 == agent ]]; then
    arguments+=(--set search.surrogate.oversample=1 --set "search.budgets=$(list_of_budgets)")
  fi
  if is_done "$folder"; then return; fi
  if [[ -f $folder/runs.sqlite ]]; then arguments+=(--resume); fi
  for setting in "search.algorithm=$2" "search.evaluations=$3" finish.picks=0 "finish.baselines=[]" \
    accuracy.confirm_images=0 "export=[]" "${settings[@]}"; do
    arguments+=(--set "$setting")
  done
  mkdir -p "$folder"
  "${hwflow:?}" codesign "$study" --out "$folder" --seed "$1" --threads "$threads" \
    "${arguments[@]}" >"$folder.txt"
}
measured() { # RESULT
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["evaluations"])' "$1"
}

for seed in "${seeds[@]}"; do
  search "$seed" agent "$evaluations"
  # Agents that have come to rest make the same plans again and again: both measure what they did.
  search "$seed" nsga2 "$(measured "$out/seed-$seed/agent/result.json")"
done
python3 "$here/agent_comparison.py" "$out" "$search_margin" "${seeds[*]}" "${budgets[*]}"
if [[ ${TRAIN:-0} != 1 ]]; then exit 0; fi

more=()
if [[ -n ${MORE:-} ]]; then more=(--more-data "$MORE"); fi
train() { # SEED PLAN_FILE: leaves the checkpoint in $trained; a plan is trained once for a seed
  local folder resume=()
  folder=$out/seed-$1/trained-$(sha256sum <"$2" | cut -c1-12)
  trained=$folder/resnet56_quantized.safetensors
  if [[ -f $trained ]]; then return; fi
  if [[ -f $folder/checkpoint.safetensors ]]; then resume=(--resume); fi
  "$hwflow" train resnet56 --data cifar10 --initial "$float" --normalization imagenet \
    --plan "$(<"$2")" --hold-out 0 --distill 0.5 --epochs "${EPOCHS:-2}" --lr "${LR:-0.01}" \
    --warmup 0.5 --weight-decay 1e-4 --seed "$1" --threads "$threads" --out "$folder" \
    "${resume[@]}" "${more[@]}"
}
searched() { # SEED: test images that plans were chosen by
  sed -n 's/^ *search_images: *\([0-9]*\).*/\1/p' "$out/seed-$1/nsga2/config.yaml"
}
for seed in "${seeds[@]}"; do
  for budget in "${budgets[@]}"; do
    plan=$out/seed-$seed/${budget/:/-}
    if [[ ! -f $plan-ours.plan ]]; then continue; fi
    train "$seed" "$plan-agent.plan"
    agent=$trained
    train "$seed" "$plan-ours.plan"
    printf '\nSeed %s, budget %s, trained; test images that were not searched on:\n' "$seed" "$budget"
    "$hwflow" test "$trained" --data cifar10 --mode integer --against "$agent" \
      --against-mode integer --margin "$margin" --without-search "$(searched "$seed")"
  done
done
