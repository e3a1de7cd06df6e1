#!/bin/sh
# Installs what the build, the tests and the demonstration need and this machine lacks:
# packages of Debian; a Python environment, DynamoDB Local and AWS's encryption library for Java in
# DOWNLOADS. Names everything before it is installed and asks nothing. Does nothing when nothing is
# missing.
set -eu

directory=$(dirname "$0")
: "${DOWNLOADS:=build/downloads}"

say() {
	echo "dynamodb_kms_fdw: $*"
}

fail() {
	say "$*" >&2
	exit 1
}

# --- packages of Debian --------------------------------------------------------------------------

missing_packages() {
	grep -v '^#' "$directory/packages.txt" | while read -r package; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
		[ "$status" = installed ] || echo "$package"
	done | tr '\n' ' ' | sed 's/ $//'
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

may_be_root() {
	[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

# PostgreSQL's packages would create and start a cluster on the default port. While they are
# installed for the first time, a file of ours tells postgresql-common not to.
without_default_cluster() {
	drop_in=/etc/postgresql-common/createcluster.d/dynamodb_kms_fdw.conf
	if dpkg-query -W -f '${db:Status-Status}' postgresql-15 2>/dev/null | grep -qx installed; then
		"$@"
		return
	fi
	as_root mkdir -p "$(dirname "$drop_in")"
	echo 'create_main_cluster = false' | as_root tee "$drop_in" >/dev/null
	trap 'as_root rm -f "$drop_in"' EXIT
	"$@"
	as_root rm -f "$drop_in"
	trap - EXIT
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
		-o Acquire::Retries=3 "$@" </dev/null
}

# Lists may be missing (a fresh root) or too old to name what the mirror has; then they are fetched.
install_packages() {
	apt_get install -y --no-install-recommends "$@" >"$log" 2>&1 && return
	apt_get update && apt_get install -y --no-install-recommends "$@" >"$log" 2>&1
}

prepare_packages() {
	command -v dpkg-query >/dev/null ||
		fail "this is not Debian: install the equivalents of $directory/packages.txt yourself and create $DOWNLOADS/packages-are-installed"
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	say "installing these packages of Debian: $missing"
	may_be_root ||
		fail "neither root nor sudo without a password; please run: apt-get install $missing"
	log=$DOWNLOADS/apt-get.log
	# shellcheck disable=SC2086 # one word a package
	without_default_cluster install_packages $missing || {
		cat "$log" >&2
		fail "apt-get could not install them"
	}
}

# --- packages of PyPI ----------------------------------------------------------------------------

# Debian's own Python, because that is the one the versions were chosen for.
system_python() {
	if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else command -v python3; fi
}

prepare_python() {
	environment=$DOWNLOADS/python
	requirements=$directory/requirements.txt
	cmp -s "$requirements" "$environment/installed.txt" && return
	say "installing these packages of PyPI into $environment:" \
		"$(grep -v '^#' "$requirements" | tr '\n' ' ')"
	"$(system_python)" -m venv --clear "$environment"
	"$environment/bin/pip" install --quiet --disable-pip-version-check --no-input \
		-r "$requirements" </dev/null
	cp "$requirements" "$environment/installed.txt"
}

# Beside the others: they do not change what the others are.
prepare_python_peers() {
	environment=$DOWNLOADS/python
	requirements=$directory/peers/requirements.txt
	cmp -s "$requirements" "$environment/installed-peers.txt" && return
	say "installing these packages of PyPI into $environment:" \
		"$(grep -v '^#' "$requirements" | tr '\n' ' ')"
	"$environment/bin/pip" install --quiet --disable-pip-version-check --no-input \
		-r "$requirements" </dev/null
	cp "$requirements" "$environment/installed-peers.txt"
}

# Other versions of PostgreSQL, of which the server and its headers are used, not what wraps them.
prepare_postgresql() {
	requirements=$directory/postgresql-requirements.txt
	versions=$DOWNLOADS/postgresql
	cmp -s "$requirements" "$versions/installed.txt" && return
	say "installing these packages of PyPI into $versions:" \
		"$(grep -v '^#' "$requirements" | tr '\n' ' ')"
	rm -rf "$versions"
	"$DOWNLOADS/python/bin/pip" install --quiet --disable-pip-version-check --no-input --no-deps \
		--target "$versions" -r "$requirements" </dev/null
	cp "$requirements" "$versions/installed.txt"
}

# --- packages of Maven Central -------------------------------------------------------------------

# What a pom.xml describes, with all that it needs, into a directory; with what it is for people.
prepare_library() {
	description=$1 library=$2 name=$3
	cmp -s "$description" "$library/pom.xml" && return
	say "fetching $name from Maven Central into $library:" \
		"$(sed -n 's/ *<version>\(2.*\)<\/version>/version \1/p' "$description")"
	rm -rf "$library"
	mkdir -p "$library"
	log=$DOWNLOADS/maven.log
	mvn --batch-mode -Dstyle.color=never -f "$description" \
		org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$(cd "$library" && pwd)" \
		</dev/null >"$log" 2>&1 || {
		cat "$log" >&2
		fail "Maven could not fetch it"
	}
	cp "$description" "$library/pom.xml"
}

# --- all of it, one at a time ------------------------------------------------------------------------

mkdir -p "$DOWNLOADS"
exec 9>"$DOWNLOADS/lock"
flock 9
[ -e "$DOWNLOADS/packages-are-installed" ] || prepare_packages
prepare_python
prepare_python_peers
prepare_postgresql
prepare_library "$directory/dynamodb-local/pom.xml" "$DOWNLOADS/dynamodb-local" \
	"Amazon's DynamoDB Local"
prepare_library "$directory/peers/pom.xml" "$DOWNLOADS/peers" "AWS's encryption client for Java"
