# Thin by design: everything is in tools/dev.py, which works without make too.
# Arguments: make test ARGS="tests/unit -k season"    Another Python: make run PYTHON=python3.13

PYTHON ?= python3
ARGS ?=

.PHONY: run test check lock clean

run test check lock clean:
	@$(PYTHON) tools/dev.py $@ $(ARGS)
