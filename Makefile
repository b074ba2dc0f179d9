# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# A front for the commands one types; the build itself is CMakeLists.txt.
#   make            build into build/release what is installed; says what is missing
#   make install    PREFIX (default /usr/local), DESTDIR
#   make dist       the source archive, build/dist/pith-VERSION.tar.xz
#   make check-debian  Debian packages from it, built, installed, tried and removed on a bare Debian 12 and 13
#   make test       build and test; installs what is missing (Debian)
#   make demo       encode and decode a photo (IMAGE=path), beside other codecs; installs too
#   make python     the Python wheel, in build/release/python/dist; installs what is missing
#   make web        the npm package for browsers, in build/web (needs emscripten); make check-web tries it in Chromium
#   make bench      network layers, whole runs, quality on Kodak
#   make bench-quality   quality at equal bytes beside JPEG, WebP, AVIF, JPEG XL: tables and plots
#   make prior      the built-in model's prior anew, after the model was replaced (PHOTOS=folder)
#   make fuzz       libFuzzer on every reader of files, MINUTES each
#   make mutants    10000 damaged files through the command
#   make check-valgrind the core part of the tests under valgrind
#   make check-threads the cases with several threads under the thread sanitizer
#   make check-fresh   these commands on a bare Debian 12 and 13
#   make check-exact   the same bits from gcc and clang, on aarch64 and on s390x (big-endian)
PREFIX ?= /usr/local
DESTDIR ?=
IMAGE ?=
MINUTES ?= 1
COUNT ?= 10000
SEED ?= 1
BUILD := build/release

PHOTOS ?= ../shared/photos

.PHONY: all deps test demo dist python web check-web bench install fuzz mutants check-debian check-exact check-fresh check-threads check-valgrind lint format prior clean \
	train-pack
.NOTPARALLEL: # one build folder; the build itself uses all cores

all:
	@scripts/deps --check build
	@scripts/build product

deps:
	scripts/deps all

test:
	@scripts/deps test
	@scripts/build release
	@scripts/run-tests $(BUILD)

demo:
	@scripts/deps demo
	@scripts/build product
	@scripts/demo $(if $(IMAGE),"$(IMAGE)")

python:
	@scripts/deps python
	@scripts/build product
	@scripts/python-wheel $(BUILD)

# What the README's figures come from. make bench-NAME runs bench/NAME.sh, or else
# the program bench/NAME.c or bench/bench_NAME.c, alone.
web:
	@scripts/web

check-web:
	@scripts/check-web

bench:
	@scripts/deps bench
	@scripts/build release
	@scripts/bench nn
	@scripts/bench speed
	@scripts/bench quality -c pith

bench-%:
	@scripts/deps bench
	@scripts/build release
	@scripts/bench $*

install: all
	@scripts/install "$(PREFIX)" "$(DESTDIR)"

dist:
	@scripts/dist

# Every fuzz target for MINUTES each (default 1); finds stay in build/fuzz/finds.
fuzz:
	@scripts/deps lint
	@scripts/build fuzz
	@scripts/fuzz $(MINUTES)

# COUNT damaged .pith files through the command; SEED chooses which.
mutants:
	@scripts/deps test
	@scripts/build release
	@scripts/mutants $(COUNT) $(SEED)

# The coder by two compilers and on two other machines, emulated.
check-exact:
	@scripts/deps exact
	@scripts/check-exact

# The README's commands, each as the first on a bare machine.
check-fresh:
	@scripts/deps fresh
	@scripts/check-fresh

# Debian's packages, on bare machines.
check-debian:
	@scripts/deps fresh
	@scripts/check-debian

check-threads:
	@scripts/deps test
	@scripts/check-threads

check-valgrind:
	@scripts/deps valgrind
	@scripts/check-valgrind

lint:
	@scripts/deps lint
	@scripts/lint

format:
	@scripts/deps lint
	@scripts/check-format --fix

# Every photo but those that training holds out; then the tests that depend on it.
prior:
	@scripts/deps test
	@scripts/build release
	@scripts/make-prior $(PHOTOS)
	@scripts/build release

# A folder of photos made small enough to travel: make train-pack IN=... OUT=...
train-pack:
	python3 train/data.py pack "$(IN)" "$(OUT)" $(PACK_OPTIONS)

clean:
	rm -rf build
