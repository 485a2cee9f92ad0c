# LLMTeam: `make` lists what can be done. Needs Node.js; what the tests need besides is fetched (CONTRIBUTING.md).

.DEFAULT_GOAL := help
.PHONY: help node install build check test test-cov lint format verify docs run nats chaos bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

node:
	@command -v node >/dev/null 2>&1 || { echo "LLMTeam needs Node.js 20.19+, 22.13+ or 24+; there is no 'node' on the PATH." >&2; exit 1; }
	@node scripts/check-node.cjs

# The file npm writes at the end of an install: older than the lock file, or missing, means there is something to install.
node_modules/.package-lock.json: package-lock.json | node
	npm ci
	@touch $@

install: node node_modules/.package-lock.json ## Install the locked dependencies, if they are not there yet

build: install ## Compile all packages and bundle the command line
	npm run --silent build

check: install ## The quick loop: types, lint, kernel tests and scenarios in memory; needs no nats-server
	@npm run --silent check

test: install ## Install, build, verify: what CI runs
	@npm run --silent verify

test-cov: build ## Run the tests with coverage; pages in coverage/
	@npm run --silent coverage

lint: install ## Format, lint, import rules, dead code, unfinished comments
	@npm run --silent lint

format: install ## Format all files and apply the safe fixes
	@npm run --silent format

verify: test ## The same as test

docs: build ## Generate the reference pages in docs/
	@npm run --silent docs

run: build ## Run the example segment on this machine
	node clients/cli/bin/llmteam.js run examples/article_writer/article_writer.json -i examples/article_writer/input.json

nats: install ## Run a nats-server for development on 127.0.0.1:4222; its streams are in .llmteam/nats
	@server=$$(node scripts/nats-server.mjs --print) && exec "$$server" -c scripts/nats/development.conf

chaos: build ## Kill the processes of a cluster under load for CHAOS_MINUTES (default 10)
	CHAOS_MINUTES=$${CHAOS_MINUTES:-10} node tests/dist/cluster/kills.test.js

bench: build ## Answer the questions in bench/, with numbers
	@npm run --silent bench

clean: ## Remove everything that was built, but not what was installed
	rm -rf contracts/dist kernel/dist plugins/*/dist services/*/dist clients/*/dist clients/cli/bundle plugins/*/bundle tests/dist bench/dist coverage
