#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs a build into a fresh folder and compiles the example against what is there, with nothing but pkg-config to go by.
#
# usage: tests/install.sh BUILD-FOLDER OUTPUT [COMPILER ARGUMENT...]
set -euo pipefail
build=$(cd "$1" && pwd) output=$2
shift 2
[ $# -gt 0 ] || set -- g++
source=$(cd "$(dirname "$0")/.." && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR=$stage meson install -C "$build" --quiet
for file in bin/parley pkgconfig/parley.pc include/parley/compat/decide.hpp; do # where libraries go differs by system
  [ -n "$(find "$stage" -path "*/$file")" ] || {
    echo "$file is not installed" >&2
    exit 1
  }
done
for private in app console sandbox; do
  [ -z "$(find "$stage" -path "*/include/parley/$private")" ] || {
    echo "the program's own layer '$private' is installed" >&2
    exit 1
  }
done

# A copy, so that no header of the source tree can be found by accident.
cp "$source/docs/examples/set_level.cpp" "$stage/"
pc=$(find "$stage" -name parley.pc)
flags=$(PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$stage pkg-config --static --cflags --libs parley)
# shellcheck disable=SC2086  # the flags are words
(cd "$stage" && "$@" set_level.cpp $flags -o set_level)
cp "$stage/set_level" "$output"
