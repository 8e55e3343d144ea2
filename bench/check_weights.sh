#!/usr/bin/env bash
# Accuracy of the published weights on the exact CIFAR-10 test images of HWFLOW_DATA, to the image:
#   HWFLOW_DATA=... bench/check_weights.sh build/release/src/cli/hwflow
# Fails when a count differs from the reference beside it.
set -euo pipefail
hwflow=$1
: "${HWFLOW_DATA:?set it to the folder with weights/ and cifar10/}"
status=0
while read -r network normalization expected file; do
  right=$("$hwflow" test "$HWFLOW_DATA/weights/$file.safetensors" --network "$network" \
            --normalization "$normalization" --data cifar10 --quiet --json - |
          sed -n 's/.*"correct": \([0-9]*\).*/\1/p')
  verdict=equal
  if [[ "$right" != "$expected" ]]; then verdict=DIFFERS status=1; fi
  printf '%-12s %-32s %5s right, reference %5s: %s\n' "$network" "$file" "$right" "$expected" \
    "$verdict"
done <<'TABLE'
resnet20 imagenet 932 akamaster_resnet20-12fca82f
resnet32 imagenet 944 akamaster_resnet32-d509ac18
resnet44 imagenet 950 akamaster_resnet44-014dd654
resnet56 imagenet 943 akamaster_resnet56-4bfd9763
resnet20b half 937 distiller_resnet20_dense
resnet8 none 895 mlperftiny_resnet8_cifar10
TABLE
exit $status
