#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs a build into an empty folder and compiles the example against the installed library, with pkg-config's flags
# only.
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

# A copy of the example, so that the source tree's headers cannot be found.
cp "$source/docs/examples/set_level.cpp" "$stage/"
pc=$(find "$stage" -name parley.pc)
flags=$(PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$stage pkg-config --static --cflags --libs parley)
# shellcheck disable=SC2086  # the flags are separate words
(cd "$stage" && "$@" set_level.cpp $flags -o set_level)
cp "$stage/set_level" "$output"
