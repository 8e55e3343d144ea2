# make demo | build | test | nightly | bench | lint | format      (see README.md)
PRESET ?= release
# Threads that wait must not spin: several jobs share the cores.
export OMP_WAIT_POLICY := passive

BUILD  := build/$(PRESET)
JOBS   ?= $(shell nproc)
OUT    ?= out/demo
HWFLOW := $(BUILD)/src/cli/hwflow

.PHONY: demo build test nightly bench lint format install configure clean
.DEFAULT_GOAL := build

install:
	@scripts/install-debian.sh

configure: install
	@mkdir -p build
	@cmake --preset $(PRESET) >$(BUILD).configure.log 2>&1 || { cat $(BUILD).configure.log; exit 1; }

build: configure
	@cmake --build $(BUILD) -j $(JOBS)

demo: configure
	@cmake --build $(BUILD) -j $(JOBS) --target hwflow
	@scripts/demo.sh $(HWFLOW) $(OUT)

test: build
	@scripts/install-python.sh build/venv
	@scripts/test.sh $(BUILD) $(JOBS)

# The mapper against enumeration and the cost model against the element-by-element walk, at length.
PAIRS ?= 2000
CASES ?= 100000
SEED  ?= 1
nightly: configure
	@cmake --build $(BUILD) -j $(JOBS) --target oracles
	@$(BUILD)/tests/nightly/oracles --pairs $(PAIRS) --cases $(CASES) --seed $(SEED)

bench: build
	@scripts/bench.sh $(BUILD)

lint: configure
	@scripts/install-debian.sh lint
	@tools/lint.sh $(BUILD)

format:
	@scripts/install-debian.sh lint
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	@rm -rf build
