# make demo | build | test | bench | lint | format      (see README.md)
PRESET ?= release
BUILD  := build/$(PRESET)
JOBS   ?= $(shell nproc)
OUT    ?= out/demo
HWFLOW := $(BUILD)/src/cli/hwflow

.PHONY: demo build test bench lint format install clean
.DEFAULT_GOAL := build

install:
	@scripts/install-debian.sh

build: install
	@cmake --preset $(PRESET) >$(BUILD).configure.log 2>&1 || { cat $(BUILD).configure.log; exit 1; }
	@cmake --build $(BUILD) -j $(JOBS)

$(shell mkdir -p build)

demo: build
	@scripts/demo.sh $(HWFLOW) $(OUT)

test: build
	@scripts/install-python.sh build/venv
	@scripts/test.sh $(BUILD) $(JOBS)

bench: build
	@scripts/bench.sh $(BUILD)

lint:
	@scripts/install-debian.sh lint
	@tools/lint.sh $(BUILD)

format:
	@scripts/install-debian.sh lint
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	@rm -rf build
