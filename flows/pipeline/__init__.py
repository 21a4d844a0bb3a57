"""The steps of a run and what runs them: plan, tasks, retries, summary.

The Prefect flows in the root of `flows` are made of these.
"""
