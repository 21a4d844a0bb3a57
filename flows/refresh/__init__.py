"""From bronze to silver to gold: detect what changed, compute it, write it.

An incremental refresh always ends in the same tables as a full refresh.
"""
