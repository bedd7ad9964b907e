#!/usr/bin/env bash
# Reports the known vulnerabilities that the program's calls reach. Nothing is asked of the
# internet but the Go module proxy: the data of golang.org/x/vulndb come as a module, and its
# own command makes the database of them, once for each version.
set -euo pipefail
cd "$(dirname "$0")/.."
module=golang.org/x/vulndb
read -r version dir < <(cd "$(mktemp -d)" && go mod download -json $module@latest |
	sed -nE 's/^\s*"(Version|Dir)": "(.*)",?$/\2/p' | paste -sd' ')
db="${XDG_CACHE_HOME:-$HOME/.cache}/sluis/vulndb-$version"
if [ ! -e "$db/index/db.json" ]; then
	echo "makes the database of known vulnerabilities, $version" >&2
	rm -rf "$db.part" && mkdir -p "$db.part"
	go run $module/cmd/indexdb@"$version" -vulns "$dir/data/osv" -out "$db.part"
	rm -rf "$db" && mv "$db.part" "$db"
fi
go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 -db "file://$db" ./...
