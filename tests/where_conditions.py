"""Conditions that hypothesis makes up."""

from __future__ import annotations

from hypothesis import strategies as st


def combined(leaves, most=5):
    """Return conditions of such leaves, at most so many, with and, or and not between."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=most,
    )
