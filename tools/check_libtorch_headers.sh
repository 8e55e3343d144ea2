#!/bin/sh
# Compiles every torch-including source of the training rooms against the headers of another
# libtorch (syntax only, nothing is linked): does the code build with that version?
#
# usage: tools/check_libtorch_headers.sh TORCH_DIR     (the folder that holds include/, such as the
#        'torch' folder of an unpacked wheel or of libtorch; CXX and CXXFLAGS as usual)
set -u
if [ $# -ne 1 ] || [ ! -f "$1/include/torch/csrc/api/include/torch/version.h" ]; then
  echo "usage: $0 TORCH_DIR, with TORCH_DIR/include/torch/csrc/api/include/torch/version.h" >&2
  exit 2
fi
include=$(cd "$1/include" && pwd)
cd "$(dirname "$0")/.." || exit 2
version=$(cat "$include/torch/csrc/api/include/torch/version.h" \
  "$include/torch/headeronly/version.h" 2>/dev/null |
  sed -n 's/^ *# *define TORCH_VERSION_\(MAJOR\|MINOR\) *//p' | head -2 | paste -sd.)
echo "headers of libtorch ${version:-of an unknown version}"
total=0
failed=0
for source in src/train/*/*.cpp; do
  # Sources that name torch themselves or through a header of ours.
  own=$("${CXX:-g++}" -std=c++20 -Isrc -MM -MG "$source" 2>/dev/null | tr -d '\\' | sed 's/^[^:]*://')
  grep -qs '<torch/\|<ATen/\|<c10/' $own || continue
  total=$((total + 1))
  if ! "${CXX:-g++}" -std=c++20 -fsyntax-only ${CXXFLAGS:-} -Isrc -isystem "$include" \
    -isystem "$include/torch/csrc/api/include" "$source"; then
    failed=$((failed + 1))
    echo "does not compile: $source"
  fi
done
echo "$((total - failed)) of $total sources compile"
[ "$failed" -eq 0 ] && [ "$total" -gt 0 ]
