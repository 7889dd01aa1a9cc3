#!/usr/bin/env bash
# The U-Net bench on an NVIDIA GPU within ten minutes: recorded, eager and PyTorch in turn, in whole float32 and in TF32,
# compiled by XLA and against torch.compile. The argument is a Python that has torch. Tables are printed and, as JSON, kept
# in OUT (default: the folder of temporary files). Whatever comes out belongs into docs/performance.md.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${1:?usage: bench/gpu.sh PYTHON}
out=${OUT:-$(mktemp -d)}

row() {
  local name=$1 limit=$2
  shift 2
  echo "== ${name}"
  timeout "${limit}" env "$@" >"${out}/${name}.json" || echo "${name} ended with $? (124: its ${limit} s were over)"
  cat "${out}/${name}.json"
}

bench=(npx tsx bench/unet.ts --json --pytorch "${python}" --eager)
nvidia-smi -L
row float32 160 "${bench[@]}" --sizes tiny,small,paper --seconds 3
row tf32 160 NVIDIA_TF32_OVERRIDE=1 "${bench[@]}" --sizes tiny,small,paper --seconds 3
row xla 120 "${bench[@]}" --sizes tiny,small --seconds 2 --xla
row torch-compile 150 "${bench[@]}" --sizes tiny,small --seconds 2 --torch-compile
echo "JSON is in ${out}"
