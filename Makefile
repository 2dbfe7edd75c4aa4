# `make demo` and `make test` need nothing but Python 3.10 or newer: they make .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# two processes a part; a file stays in one of them, since its tests share what is slow to make
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test test-neutral test-both test-pt test-tf test-equivalence test-peer test-peer-torch test-peer-keras test-peer-suites real-size lint format types check bench clean fuzz audit sbom release public-api docs soak lowest test-lowest test-newest

help: ## Show this list.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch tensorflow-cpu keras h5py
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[hub,tasks,dev,bench]"
	# they ask for the full TensorFlow, which the CPU build stands in for
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps tensorflow-text tensorflow-serving-api
	@touch $@

setup: $(STAMP) ## Make .venv and install the package with both frameworks (CPU builds).

demo: setup ## Complete French sentences in PyTorch and TensorFlow from one checkpoint.
	@echo "One checkpoint, read by PyTorch and by TensorFlow, fills the <mask> of two sentences."
	@$(BIN)/camembert-dual fill-mask "Elle ferma les <mask> et s'endormit." --backend both
	@$(BIN)/camembert-dual fill-mask "Il ouvrit la <mask> et entra dans la chambre." --backend both

# PyTorch and TensorFlow meet in the last part alone
test: test-neutral test-pt test-tf test-equivalence real-size ## Run the whole test suite.

test-neutral: setup ## Test what knows no framework, and read damaged files of every format.
	$(PYTEST) tests/neutral tests/bundled tests/fuzz

test-pt: setup ## Test the PyTorch tree.
	CAMEMBERT_BACKEND=pt $(PYTEST) tests/pt tests/both

test-tf: setup ## Test the TensorFlow tree.
	CAMEMBERT_BACKEND=tf $(PYTEST) tests/tf tests/both

test-both: setup ## Run the tests that both trees share, once for each.
	CAMEMBERT_BACKEND=pt $(PYTEST) tests/both
	CAMEMBERT_BACKEND=tf $(PYTEST) tests/both

test-equivalence: setup ## Compare the two trees with each other.
	$(PYTEST) tests/equivalence

SIZE ?= base
real-size: setup ## Run every class at camembert-base's size within its memory; SIZE=large for large's.
	$(BIN)/python tests/real_size/run.py $(SIZE)

test-peer: setup ## Compare with transformers, old and new, each in a venv of its own.
	bash tests/peer/run.sh

test-peer-suites: setup ## Run transformers 4.34's own common tests on these classes.
	tests/peer/suites/run.sh

test-peer-torch: ## Hand the PyTorch models to Trainer, accelerate, peft, ONNX and others, in a venv.
	bash tests/peer/run_torch.sh

test-peer-keras: ## Hand the Keras models to ONNX, OpenVINO and KerasTuner, in a venv.
	bash tests/peer/run_keras.sh

fuzz: setup ## Read damaged files of every format under a coverage-guided fuzzer, a minute each.
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[fuzz]"
	$(BIN)/python tests/fuzz/guided.py

lint: setup types audit ## Check style and types, and what is known of the packages installed.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## Rewrite the code in the project's style.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup
	$(BIN)/mypy

check: lint test ## Everything CI runs.

RELEASE := .venv-release
RELEASE_TOOLS := build twine check-wheel-contents cyclonedx-bom pip-audit trove-classifiers uv
$(RELEASE)/.installed: Makefile
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet $(RELEASE_TOOLS)
	@touch $@

audit: setup $(RELEASE)/.installed ## Ask for known vulnerabilities of what .venv holds; says so if nobody answers.
	$(BIN)/python tests/support/audit.py $(RELEASE)/bin/pip-audit \
		$$($(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")

sbom: setup $(RELEASE)/.installed ## Write dist/sbom.json, the bill of materials of .venv (CycloneDX).
	@mkdir -p dist
	$(RELEASE)/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type library \
		--output-reproducible --of JSON -o dist/sbom.json $(BIN)/python

release: $(RELEASE)/.installed ## Build the wheel and the source distribution and check both.
	rm -rf dist build
	$(RELEASE)/bin/python -m build
	$(RELEASE)/bin/twine check --strict dist/*.whl dist/*.tar.gz
	$(RELEASE)/bin/check-wheel-contents --ignore W002 --package src/camembert_dual dist/*.whl

public-api: setup ## Write the list of public names and signatures anew.
	$(BIN)/python tests/support/public_api.py

docs: ## Build the documentation in site/, strictly, and check what was built.
	test -d .venv-docs || $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet -e ".[docs]"
	.venv-docs/bin/python -m mkdocs build --strict --quiet
	.venv-docs/bin/python docs/check_site.py site

# what a quick look at each end of the ranges runs: both trees, their files, the tokenizers
RANGE_TESTS := tests/both/test_model.py tests/both/test_calls.py tests/neutral/tokenization/test_call.py
RANGE_TOOLS := pytest pytest-timeout hypothesis
# no CPU build of PyTorch below the one of constraints.txt is on PyPI: it stands in for the lowest
TORCH := $(shell sed -n 's/^torch==/torch==/p' constraints.txt)

lowest: $(RELEASE)/.installed ## Write constraints-lowest.txt anew from the ranges of pyproject.toml.
	$(RELEASE)/bin/uv pip compile pyproject.toml --extra tensorflow-cpu --extra hub --python-version 3.11 \
		--resolution lowest-direct --upgrade --quiet --no-annotate --custom-compile-command "make lowest" \
		-o constraints-lowest.txt

test-lowest: ## Test with the lowest version of each dependency that pyproject.toml admits.
	$(call range-venv,.venv-lowest,-c constraints-lowest.txt)

test-newest: ## Test with the newest version of each dependency, without the pins of constraints.txt.
	$(call range-venv,.venv-newest,)

define range-venv
$(PYTHON) -m venv $(1)
$(1)/bin/python -m pip install --quiet --upgrade $(2) $(TORCH) -e ".[tensorflow-cpu,hub]" $(RANGE_TOOLS)
CAMEMBERT_BACKEND=pt $(1)/bin/python -m pytest $(RANGE_TESTS)
CAMEMBERT_BACKEND=tf $(1)/bin/python -m pytest $(RANGE_TESTS) tests/tf/test_fit.py tests/tf/test_saving.py
endef

soak: setup ## Load, call and save thousands of times in both frameworks; draw docs/soak.svg.
	$(BIN)/python benchmarks/soak.py

bench: setup ## Measure speed and memory beside the peers, each in a venv: benchmarks/results.md.
	bash benchmarks/venvs.sh
	$(BIN)/python benchmarks/driver.py

clean: ## Remove what make made.
	rm -rf $(VENV) .venv-* build dist site src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
