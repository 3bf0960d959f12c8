#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Checks the style of all tracked files:
#
#   layout    clang-format for C and C++ (.clang-format), black for Python (pyproject.toml), shfmt for shell
#             (.editorconfig)
#   defects   flake8 for Python (.flake8), shellcheck for shell
#   drawing   docs/layers.svg shows the layers of meson.build
#   length    no line has more than 120 columns; exempt are recorded and generated data, and rows of Markdown tables
#   licence   each file has an SPDX line
#
# Scripts without a suffix are recognised by their first line. With --deep it also runs cppcheck and clang-tidy over
# src/, with the compile commands of BUILD-FOLDER, which must be a build with clang (tests/build-sanitized).
#
# usage: tests/lint.sh [--deep BUILD-FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
status=0

mapfile -t tracked < <(git ls-files ':!tests/fuzzing/corpus' ':!*.png')
[ ${#tracked[@]} -gt 0 ] || {
  echo "tests/lint.sh: git tracks no files here" >&2
  exit 1
}
c_sources=() python=() shell=()
for file in "${tracked[@]}"; do
  [ -e "$file" ] || continue # removed, but not yet in the index
  case $file in
    *.cpp | *.hpp | *.c | *.h) c_sources+=("$file") ;;
    *.py) python+=("$file") ;;
    *)
      IFS= read -r first < "$file" || true
      case $first in
        '#!'*python*) python+=("$file") ;;
        '#!'*sh) shell+=("$file") ;;
      esac
      ;;
  esac
done

clang-format --dry-run --Werror "${c_sources[@]}" || status=1
if ! report=$(black --check "${python[@]}" 2>&1); then
  grep -E '^(would reformat|error)' <<< "$report"
  status=1
fi
flake8 "${python[@]}" || status=1
shfmt -d "${shell[@]}" || status=1
shellcheck "${shell[@]}" || status=1

docs/draw-layers --check || status=1

for file in "${tracked[@]}"; do
  case $file in *.dts | *.json | *.svg | src/start.ld) continue ;; esac
  [ -e "$file" ] || continue
  long=$(LC_ALL=C.UTF-8 grep -nE '^.{121}' "$file" || true)
  case $file in *.md) long=$(grep -vE '^[0-9]+:\|' <<< "$long" || true) ;; esac
  [ -n "$long" ] || continue
  while IFS=: read -r number _; do echo "$file:$number: more than 120 columns"; done <<< "$long"
  status=1
done

for file in "${tracked[@]}"; do
  [ -e "$file" ] || continue
  case $file in LICENSE | *.md | *.json | .gitignore | .clang-*) continue ;; esac
  head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || {
    echo "$file: no licence line"
    status=1
  }
done

if [ "${1:-}" = --deep ]; then
  # Without passedByValue: it warns of structs of references and of parameters that are moved from.
  cppcheck --quiet --std=c++20 --language=c++ --enable=warning,performance,portability --inline-suppr \
    --suppress=passedByValue --error-exitcode=1 -j 2 -I include -I src -I "$2/src" src || status=1
  tidy=$(command -v clang-tidy-16 || command -v clang-tidy) # Debian 12's default clang-tidy is too old
  git ls-files 'src/*.cpp' | grep -v abi_check.cpp | xargs -P 2 -n 4 "$tidy" -p "$2" --quiet 2> /dev/null || status=1
fi
exit $status
