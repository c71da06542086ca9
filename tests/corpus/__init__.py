"""Bad inputs and the answers they must get: a named error or the right result, never a crash, a hang, a wrong answer.

Each item runs in a process of its own under limits; see `run` for what is checked and `registry` for how to add one.
"""
