# Sluis: make run tries it, make test proves it. make help lists the rest.
.DEFAULT_GOAL := help
export CGO_ENABLED = 0
# The toolchain of go.mod is fetched where an older Go 1.26 is installed: it mends known faults.
export GOTOOLCHAIN = auto

# What the tests speak to: real software, from Debian. See internal/testenv.
PEERS = postfix swaks libnet-ssleay-perl clamav-daemon rspamd clickhouse-server \
	nginx-light curl chromium fonts-dejavu-core krb5-kdc krb5-user krb5-admin-server nftables iproute2 \
	libreoffice-writer-nogui texlive-latex-base python3-reportlab qpdf \
	python3 python3-gi gir1.2-gmime-3.0 libmime-tools-perl wdutch wngerman wfrench wamerican

.PHONY: help
help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: build
build: ## build bin/sluis, one static binary
	go build -trimpath -ldflags '-s -w' -o bin/sluis ./cmd/sluis

.PHONY: run
run: build ## build and try it: a short school day of mail and browsing, then it stays up
	bin/sluis demo

.PHONY: test
test: peers ## run all tests against real software
	go vet ./...
	go test -timeout 60m ./...

.PHONY: race
race: ## run the tests that share state under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -timeout 60m -race -short ./...

.PHONY: check
check: ## format, vet, width, staticcheck and the short tests: before each commit
	@test -z "$$(gofmt -l .)" || { gofmt -l . && echo "run gofmt -w on these" && exit 1; }
	go vet ./...
	go run ./internal/testenv/widelines .
	go tool staticcheck ./...
	go test -timeout 60m -short ./...

.PHONY: vulncheck
vulncheck: ## report known vulnerabilities that the program reaches
	@deploy/vulncheck.sh

.PHONY: peers
peers: ## install what the tests need, where apt and the rights are there
	@deploy/peers.sh $(PEERS)

.PHONY: fuzz
fuzz: ## run every fuzz target for a while (FUZZTIME=30s)
	@for pkg in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f" && go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(or $(FUZZTIME),30s) $$pkg || exit 1; \
		done; \
	done

.PHONY: bench
bench: ## compare with peers on the same work: make bench WORK=mail
	go run ./bench $(or $(WORK),mail)

.PHONY: screenshots
screenshots: ## leave a picture of each page of the console in DIR (bin/screenshots)
	@mkdir -p $(or $(DIR),bin/screenshots)
	SLUIS_SCREENSHOTS=$(abspath $(or $(DIR),bin/screenshots)) go test -count=1 -run AreForEverybody ./internal/console

.PHONY: clean
clean: ## remove what was built and what the demonstration left
	rm -rf bin var
