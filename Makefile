# dynamodb_kms_fdw: DynamoDB tables as foreign tables.
#
#   make, make install, make installcheck   what every PGXS extension offers
#   make demo | psql | test                 with a private server and emulators; see CONTRIBUTING.md
#   make lint | format | fuzz | bench

MODULE_big = dynamodb_kms_fdw
EXTENSION = dynamodb_kms_fdw
DATA = $(wildcard dynamodb_kms_fdw--*.sql)
PGFILEDESC = "dynamodb_kms_fdw - DynamoDB tables as foreign tables"

ROOMS = foundation item aws crypto postgres
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard $(ROOMS:%=src/%/*.c) src/postgres/*/*.c)))

PG_CPPFLAGS = -Isrc
PG_CFLAGS = -std=gnu11 -fvisibility=hidden -MMD -MP
SHLIB_LINK = -lcurl -ljson-c -lssl -lcrypto -lz

# Of the SQL tests the one that needs no emulator; `make test` runs them all.
REGRESS = options
EXTRA_CLEAN = $(OBJS:.o=.d) results

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(PGXS),)

# A server built with LLVM wants bitcode for its JIT compiler; without its clang it does without.
CLANG ?= $(shell sed -n 's/^CLANG = //p' $(dir $(PGXS))../Makefile.global)
ifeq ($(shell command -v $(CLANG)),)
override with_llvm = no
endif

include $(PGXS)

# Behind PGXS's own flags, because the last one wins. A declaration stands where its value is known.
override CFLAGS += -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers \
	-Wno-declaration-after-statement

# The server was configured for gcc; clang does not know each of its flags.
ifneq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
override CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument \
	-Wno-ignored-attributes
endif

$(OBJS:.o=.bc): %.bc: %.o
-include $(OBJS:.o=.d)

else
all install installcheck clean:
	@echo "$(PG_CONFIG) not found: install postgresql-server-dev-15 or set PG_CONFIG" >&2; exit 1
endif

# What follows neither needs nor touches an installed extension: everything goes to BUILD.
# DOWNLOADS keeps what comes from the network and is shared by all values of BUILD.
BUILD ?= build
DOWNLOADS ?= build/downloads
export BUILD DOWNLOADS PG_CONFIG

ENVIRONMENT = tests/environment/prepare.sh
PYTHON = PYTHONPATH=tests PYTHONPYCACHEPREFIX=$(BUILD)/pycache exec $(DOWNLOADS)/python/bin/python

.PHONY: prepare build demo environment psql test test-long lint format fuzz bench

# Installs what is missing, named before it is installed.
prepare:
	@sh $(ENVIRONMENT)

build: prepare
	@$(MAKE) --no-print-directory -j$$(nproc) -f tests/Makefile extension

demo: build
	@$(PYTHON) -m environment.tour demo

psql: build
	@$(PYTHON) -m environment.tour psql

environment: build
	@$(PYTHON) -m environment.wait

# SUITES selects some of: lint build unit fuzz regress isolation pytest
test: prepare
	@$(PYTHON) tests/run $(SUITES)

# Twenty thousand generated queries, ten times as many as `make test` has, each of them with and
# without pushdown, from a seed of their own; and two hundred backends killed while they drain a
# queue, and as many while they migrate.
GENERATED_SEED ?= $(shell date +%s)
test-long: prepare
	@echo "generated queries: GENERATED_SEED=$(GENERATED_SEED)"
	@export GENERATED_QUERIES=5000 GENERATED_UNPUSHED_EVERY=1 GENERATED_SEED=$(GENERATED_SEED); \
	export QUEUE_KILLS=200 MIGRATION_KILLS=200; \
	export PYTEST_ARGS="tests/python/test_generated_queries.py tests/python/test_queue_kills.py \
		tests/python/test_migrate.py $(PYTEST_ARGS)"; \
	$(PYTHON) tests/run pytest

lint: prepare
	@$(PYTHON) tests/run lint

fuzz: prepare
	@$(PYTHON) tests/run fuzz-long

# How fast it is, beside what else reads DynamoDB; BENCH_ARGS=--quick for a first impression.
bench: prepare
	@sh tests/bench/prepare.sh
	@$(MAKE) --no-print-directory -j$$(nproc) -f tests/Makefile bench
	@$(PYTHON) -m bench $(BENCH_ARGS)

# Twice, because clang-format leaves out the space behind the star where it breaks a comment's line.
format: prepare
	@for round in 1 2; do \
		clang-format -i $$(find src tests examples -name '*.[ch]'); \
		sed -i 's/^ \*\([A-Za-z]\)/ * \1/' $$(find src tests examples -name '*.[ch]'); \
	done
	@$(DOWNLOADS)/python/bin/ruff format --no-cache --quiet tests examples
