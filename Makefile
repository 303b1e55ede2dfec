# Forwards every target to the one task runner: `make test` is `./run test`.
.DEFAULT_GOAL := help
%:
	@./run $@
.PHONY: help demo up down test check fmt bench docs
help demo up down test check fmt bench docs:
	@./run $@
