#!/usr/bin/env bash
# How near networks at low widths come to float after quantization-aware training, on test images
# that nothing was chosen by:  [HWFLOW_DATA=...] bench/low_bit_training.sh [HWFLOW]
# Trains at every pair of WIDTHS (4/4 2/2; first and last layer at ENDS, 8/8), then compares integers
# with float32 image by image. DATA=cifar10 (ResNet-20 and its published weights in HWFLOW_DATA) or
# fashion-mnist (ResNet-14 of models/). Kept in OUT; a run that was stopped goes on. Besides: MORE (a
# folder of the same format that is trained on as well), EPOCHS, LR, DECAY (24, 0.04 and 5e-5 below three
# bits, else 6, 0.01 and 1e-4), DISTILL (0.5), MARGIN (points), SEED, THREADS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/find_hwflow.sh
source "$here/find_hwflow.sh"
data=${DATA:-cifar10}
case $data in
  cifar10)
    : "${HWFLOW_DATA:?set it to the folder with weights/ and cifar10/}"
    network=resnet20 normalization=imagenet pad=4
    float=$HWFLOW_DATA/weights/akamaster_resnet20-12fca82f.safetensors
    ;;
  fashion-mnist)
    network=fmnist_resnet normalization=fashion-mnist pad=2
    float=$here/../models/fmnist_resnet.safetensors
    ;;
  *) echo "no data set '$data' here: cifar10 or fashion-mnist" >&2 && exit 2 ;;
esac
out=${OUT:-runs/low_bit_training}
read -ra widths <<<"${WIDTHS:-4/4 2/2}"
more=()
if [[ -n ${MORE:-} ]]; then more=(--more-data "$MORE"); fi
for pair in "${widths[@]}"; do
  folder=$out/$network-w${pair/\//a}
  epochs=6 rate=0.01 decay=1e-4 margin=0.5
  if ((${pair%/*} < 3 || ${pair#*/} < 3)); then epochs=24 rate=0.04 decay=5e-5 margin=2; fi
  if [[ ! -f $folder/${network}_quantized.safetensors ]]; then
    resume=()
    if [[ -f $folder/checkpoint.safetensors ]]; then resume=(--resume); fi
    "${hwflow:?}" train "$network" --data "$data" --initial "$float" --normalization "$normalization" \
      --bits "$pair" --ends "${ENDS:-8/8}" --hold-out 0 --pad "$pad" --flip --distill "${DISTILL:-0.5}" \
      --epochs "${EPOCHS:-$epochs}" --lr "${LR:-$rate}" --warmup 0.5 --weight-decay "${DECAY:-$decay}" \
      --seed "${SEED:-1}" --threads "${THREADS:-1}" --out "$folder" "${resume[@]}" "${more[@]}"
  fi
  echo "$network, widths $pair, first and last layer ${ENDS:-8/8}:"
  "$hwflow" test "$folder/${network}_quantized.safetensors" --data "$data" --mode integer \
    --against "$float" --against-network "$network" --against-normalization "$normalization" \
    --margin "${MARGIN:-$margin}"
done
