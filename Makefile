# `make demo` and `make test` need nothing but Python 3.10 or newer: they make .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# two processes a part; a file stays in one of them, since its tests share what is slow to make
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test test-neutral test-both test-pt test-tf test-equivalence test-peer test-peer-torch test-peer-keras test-peer-suites real-size lint format types check bench clean fuzz

help: ## Show this list.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch tensorflow-cpu keras h5py
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[hub,dev,bench]"
	# it asks for the full TensorFlow, which the CPU build stands in for
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps tensorflow-text
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

lint: setup types ## Check style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## Rewrite the code in the project's style.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup
	$(BIN)/mypy

check: lint test ## Everything CI runs.

bench: setup ## Measure speed and memory beside the peers, each in a venv: benchmarks/results.md.
	bash benchmarks/venvs.sh
	$(BIN)/python benchmarks/driver.py

clean: ## Remove what make made.
	rm -rf $(VENV) .venv-* build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
