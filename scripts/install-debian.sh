#!/usr/bin/env bash
# Installs what hwflow builds and runs with, from Debian 12.
# Does nothing, quickly, when all of it is there. Needs root or sudo.
#   scripts/install-debian.sh          build, run, test
#   scripts/install-debian.sh lint     also clang-format and clang-tidy
set -euo pipefail

packages=(
  g++ cmake ninja-build make ccache pkg-config git ca-certificates
  libfmt-dev libspdlog-dev libcli11-dev libyaml-cpp-dev nlohmann-json3-dev
  libonnx-dev libprotobuf-dev protobuf-compiler libtbb-dev libsqlite3-dev libpagmo-dev libeigen3-dev zlib1g-dev
  libtorch-dev libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
  dataset-fashion-mnist python3 python3-venv
)
if [[ "${1:-}" == lint ]]; then packages+=(clang-format clang-tidy); fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) || status=''
  [[ "$status" == 'install ok installed' ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || {
    echo "install-debian.sh: needs root or sudo to install: ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
