#!/bin/sh
# Installs what draws the benchmark's chart into the tests' Python environment. Does nothing when
# it is there.
set -eu

: "${DOWNLOADS:=build/downloads}"
requirements=$(dirname "$0")/requirements.txt
environment=$DOWNLOADS/python

cmp -s "$requirements" "$environment/installed-for-bench.txt" && exit
echo "dynamodb_kms_fdw: installing these packages of PyPI into $environment:" \
	"$(grep -v '^#' "$requirements" | tr '\n' ' ')"
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-input \
	-r "$requirements" </dev/null
cp "$requirements" "$environment/installed-for-bench.txt"
