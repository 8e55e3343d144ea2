#!/usr/bin/env bash
# How near ResNet-20 at low widths comes to float on the exact CIFAR-10 test images, after
# quantization-aware training:  HWFLOW_DATA=... bench/low_bit_training.sh [HWFLOW]
# Trains at every pair of WIDTHS (4/4 2/2; first and last layer 8/8), then compares integers with
# float32 image by image. Kept in OUT; a run that was stopped goes on. By the environment:
# MORE (a folder of official batches that is trained on as well), EPOCHS, LR, DISTILL, SEED, THREADS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/find_hwflow.sh
source "$here/find_hwflow.sh"
: "${HWFLOW_DATA:?set it to the folder with weights/ and cifar10/}"
float=$HWFLOW_DATA/weights/akamaster_resnet20-12fca82f.safetensors
out=${OUT:-runs/low_bit_training}
read -ra widths <<<"${WIDTHS:-4/4 2/2}"
more=()
if [[ -n ${MORE:-} ]]; then more=(--more-data "$MORE"); fi
for pair in "${widths[@]}"; do
  folder=$out/w${pair/\//a}
  if [[ ! -f $folder/resnet20_quantized.safetensors ]]; then
    resume=()
    if [[ -f $folder/checkpoint.safetensors ]]; then resume=(--resume); fi
    "$hwflow" train resnet20 --data cifar10 --initial "$float" --normalization imagenet \
      --bits "$pair" --ends 8/8 --hold-out 0 --pad 4 --flip --distill "${DISTILL:-1}" \
      --epochs "${EPOCHS:-12}" --lr "${LR:-0.01}" --warmup 0.5 --weight-decay 1e-4 \
      --seed "${SEED:-1}" --threads "${THREADS:-1}" --out "$folder" "${resume[@]}" "${more[@]}"
  fi
  echo "widths $pair, first and last layer 8/8:"
  "$hwflow" test "$folder/resnet20_quantized.safetensors" --data cifar10 --mode integer \
    --against "$float" --against-network resnet20 --against-normalization imagenet
done
