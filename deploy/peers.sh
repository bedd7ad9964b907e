#!/bin/sh
# Install the programs that the tests speak to, if they are missing and if we may.
# Where they cannot be had the tests that need them say so and skip; in CI they fail.
set -eu
missing=
for package in "$@"; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "not installed, tests that need them will skip:$missing (install them as root with apt-get install$missing)" >&2
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# Postfix must not start an instance of its own: the tests start theirs on loopback.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
	trap 'rm -f "$policy"' EXIT
fi
apt-get update -q
# shellcheck disable=SC2086 # a list of packages
apt-get install -qy --no-install-recommends $missing
