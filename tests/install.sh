#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs a build into a fresh folder, and compiles each example of docs/examples against the installed library. The
# compiler gets its flags from pkg-config only. The programs are copied to OUTPUT-FOLDER.
#
# usage: tests/install.sh BUILD-FOLDER OUTPUT-FOLDER [COMPILER ARGUMENT...]
set -euo pipefail
build=$(cd "$1" && pwd) output=$2
shift 2
[ $# -gt 0 ] || set -- g++
source=$(cd "$(dirname "$0")/.." && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR=$stage meson install -C "$build" --quiet
# The library folder's name differs between systems, so search for the files.
for file in bin/parley pkgconfig/parley.pc include/parley/compat/decide.hpp; do
  [ -n "$(find "$stage" -path "*/$file")" ] || {
    echo "$file is not installed" >&2
    exit 1
  }
done
for private in app console sandbox; do
  [ -z "$(find "$stage" -path "*/include/parley/$private")" ] || {
    echo "'$private', a layer of the program only, is installed" >&2
    exit 1
  }
done

# A copy, so that no header of the source tree can be found by accident.
cp "$source"/docs/examples/*.cpp "$stage/"
pc=$(find "$stage" -name parley.pc)
flags=$(PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$stage pkg-config --static --cflags --libs parley)
for example in "$stage"/*.cpp; do
  name=$(basename "$example" .cpp)
  # shellcheck disable=SC2086  # the flags are words
  (cd "$stage" && "$@" "$name.cpp" $flags -o "$name")
  cp "$stage/$name" "$output/"
done
