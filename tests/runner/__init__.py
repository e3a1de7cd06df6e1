"""Runs every suite and counts: one module a suite, each a generator of outcomes."""
