"""Joined rows stay with their items, whatever is stored, joined, dropped or deleted in between."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from join_machine import JoinMachine


class CompactingJoinMachine(JoinMachine):
    """The same with spaces that are compacted by themselves again and again."""

    most_dead = 2


_few = settings(
    max_examples=16,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestJoin = JoinMachine.TestCase
TestJoin.settings = _few
TestCompactingJoin = CompactingJoinMachine.TestCase
TestCompactingJoin.settings = _few
