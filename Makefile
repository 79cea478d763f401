# The portal's commands; each makes and fills .venv when needed.
PYTHON := .venv/bin/python
ARGS ?=
# A process for each core, where `pytest` alone takes one: easier to debug.
PYTEST = $(PYTHON) -m pytest --numprocesses logical --maxprocesses 4

.PHONY: help run test check bench shots lock translations docs
.DEFAULT_GOAL := help

help:
	@echo "make run           serve a sandbox with demo customers on 127.0.0.1:8000 (PORT=… changes it)"
	@echo "make test          the test suite on SQLite and PostgreSQL (ARGS=\"-k word\" for a part)"
	@echo "make check         what CI runs: lint, types, import rules, tests"
	@echo "make bench         how fast lists and changes in bulk are (BENCH=\"--sizes 100 1000000\" for others)"
	@echo "make shots         pictures of every page into var/shots (SHOTS=\"mailboxes 390-dark\" for some)"
	@echo "make lock          resolve the dependencies anew (UPGRADE=--upgrade to newer versions)"
	@echo "make translations  collect, merge and compile the French texts"
	@echo "make docs          write the tables of docs/ anew: settings, keys of the interchange file"

# Touched last, so that an interrupted installation is done again.
.venv/installed-run: requirements.lock tools/install.sh tools/requirements-uv.lock
	@tools/install.sh requirements.lock
	@touch $@

.venv/installed-test: requirements-test.lock tools/install.sh tools/requirements-uv.lock
	@tools/install.sh requirements-test.lock
	@touch $@

run: .venv/installed-run
	@tools/run.sh

# A part chosen by ARGS may hold no test for the second database: that is no failure (status 5).
test: .venv/installed-test
	@tools/chromium.sh
	$(PYTEST) --database sqlite $(ARGS) $(if $(ARGS),|| [ $$? = 5 ])
	$(PYTEST) --database postgresql -m "not browser" $(ARGS) $(if $(ARGS),|| [ $$? = 5 ])

check: .venv/installed-test
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	@$(MAKE) --no-print-directory test

bench: .venv/installed-test
	$(PYTHON) -m tools.bench $(BENCH)

shots: .venv/installed-test
	@tools/chromium.sh
	$(PYTHON) -m tests.browser.shots $(SHOTS)

# No index address is written, so that the files serve behind any mirror.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --extra test -c requirements.lock -o requirements-test.lock
	echo uv | $(COMPILE) - -o tools/requirements-uv.lock

CATALOGUE = app/translations/fr/LC_MESSAGES/messages.po

translations: .venv/installed-run
	@mkdir -p var
	.venv/bin/pybabel --quiet extract -F pyproject.toml -k lazy_gettext -k _l -k lazy_ngettext:1,2 \
		-k lazy_pgettext:1c,2 --no-location --sort-output --project Vigie -o var/messages.pot app
	test -f $(CATALOGUE) || .venv/bin/pybabel --quiet init -i var/messages.pot -d app/translations -l fr
	.venv/bin/pybabel --quiet update -i var/messages.pot -d app/translations \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	.venv/bin/pybabel compile -d app/translations --statistics

docs: .venv/installed-run
	$(PYTHON) -m tools.document
	$(PYTHON) -m app.interchange.schema
