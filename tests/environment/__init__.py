"""A private PostgreSQL and AWS emulators, for the demonstration and for every test.

Nothing is installed system-wide, every port is free and on the loopback, and what a context
manager of this package started is gone when it ends, however it ends.
"""
