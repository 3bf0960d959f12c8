#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Style: layout, licence lines, and with --deep what cppcheck and clang-tidy find, with the compile commands of BUILD-FOLDER,
# which must be clang's (tests/build-sanitized).
#
# usage: tests/lint.sh [--deep BUILD-FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
status=0

mapfile -t sources < <(git ls-files '*.cpp' '*.hpp')
[ ${#sources[@]} -gt 0 ] || { echo "tests/lint.sh: git lists no sources here" >&2; exit 1; }
clang-format --dry-run --Werror "${sources[@]}" || status=1

while read -r file; do
  case $file in LICENSE|tests/fuzzing/corpus/*|*.md|*.json|*.png|.gitignore|.clang-*) continue ;; esac
  head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || { echo "$file: no licence line"; status=1; }
done < <(git ls-files)

if [ "${1:-}" = --deep ]; then
  # passedByValue: of structs of references, and of what is moved from.
  cppcheck --quiet --std=c++20 --language=c++ --enable=warning,performance,portability --inline-suppr --suppress=passedByValue \
    --error-exitcode=1 -j 2 -I include -I src -I "$2/src" src || status=1
  tidy=$(command -v clang-tidy-16 || command -v clang-tidy)  # Debian 12 has it beside its default, which is too old
  git ls-files 'src/*.cpp' | grep -v abi_check.cpp | xargs -P 2 -n 4 "$tidy" -p "$2" --quiet 2> /dev/null || status=1
fi
exit $status
