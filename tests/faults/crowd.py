"""Requests that are meant to be under way together."""

import threading

LINGER_SECONDS = 0.2


class Crowd:
    """Answers linger a while each, until there once were `count` requests at the same time."""

    def __init__(self, count, behaviour):
        self.count = count
        self.behaviour = behaviour
        self.was_there = threading.Event()
        self._lock = threading.Lock()
        self._present = 0

    def linger(self, conversation):
        with self._lock:
            self._present += 1
            if self._present >= self.count:
                self.was_there.set()
        self.was_there.wait(LINGER_SECONDS)
        with self._lock:
            self._present -= 1
        self.behaviour(conversation)
