"""`make bench`: how fast DynamoDB is read, beside the least and the most that it could take.

A server of the benchmark's own (replay_server.c) answers from memory, because emulators are slower
than every client. What is compared runs in turns, several rounds of all of them, and the result is
the median of the rounds' ratios: a busy machine slows both sides.
"""
