# Thin faces of scripts/stack.py, which works without make too.
PYTHON ?= python3
ARGS ?=

.PHONY: demo test soak bench servers lock

demo: ; @$(PYTHON) scripts/stack.py demo
test: ; @$(PYTHON) scripts/stack.py test $(ARGS)
soak: ; @$(PYTHON) scripts/stack.py soak $(ARGS)
bench: ; @$(PYTHON) scripts/stack.py bench $(ARGS)
servers: ; @$(PYTHON) scripts/stack.py servers
lock: ; @$(PYTHON) scripts/stack.py lock
