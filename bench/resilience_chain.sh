#!/usr/bin/env bash
# Do adversarially trained networks bear flipped bits of feature maps worse, are their scales larger, and
# does a remedy help? (Fasfous et al., "Mind the Scaling Factors", DATE 2022):
#   bench/resilience_chain.sh [HWFLOW]
# For each seed: a network trained plainly, its twin trained by FastAT (one step from a random point, eps 8/255,
# the same images, epochs and rate), and that one hardened at 8 bits (hwflow harden) beside a control with the same
# epochs without the remedy. All are measured in integers on the whole test set: without faults, attacked, and
# under flipped bits. Prints every seed and the means.
# By the environment: OUT (kept; a run that was stopped goes on), SEEDS ("1 2 3"), THREADS, DATA (fashion-mnist),
# NETWORK (fmnist_resnet), EPOCHS (15, as FastAT), PAD, HARDEN (options of hwflow harden), ATTACK_IMAGES (1000), QUERIES (1000, of Square).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/study_runs.sh
source "$here/study_runs.sh"
network=${NETWORK:-fmnist_resnet}
data=${DATA:-fashion-mnist}
read -ra remedy <<<"${HARDEN:---epochs 1}"

train() { # FOLDER SEED MORE...
  local folder=$out/$1
  if [[ -f $folder/$network.safetensors ]]; then return; fi
  local resume=()
  if [[ -f $folder/checkpoint.safetensors ]]; then resume=(--resume); fi
  "$hwflow" train "$network" --data "$data" --epochs "${EPOCHS:-15}" --lr 0.2 --schedule cyclic --pad "${PAD:-2}" \
    --seed "$2" --threads "${THREADS:-0}" --out "$folder" --verbose "${@:3}" "${resume[@]}"
}

for seed in ${SEEDS:-1 2 3}; do
  train "plain_$seed" "$seed"
  train "fast_$seed" "$seed" --adversary fast --eps 8/255
  folder=$out/hardened_$seed
  if [[ -f $folder/harden.json ]]; then continue; fi
  "$hwflow" harden "$out/fast_$seed/$network.safetensors" --control --beside "$out/plain_$seed/$network.safetensors" \
    --data "$data" --adversary fast --eps 8/255 --pad "${PAD:-2}" --attack-eps 2/255 8/255 --attack-steps 50 \
    --attack-images "${ATTACK_IMAGES:-1000}" --queries "${QUERIES:-1000}" "${remedy[@]}" --resume \
    --seed "$seed" --threads "${THREADS:-0}" --out "$folder" --verbose --quiet
done
python3 "$here/resilience_chain.py" "$out"/hardened_*/harden.json
