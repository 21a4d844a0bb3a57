"""Settings, secrets, the errors that several packages raise, and the Prefect server to use.

Every other package may import this one; it imports none of them.
"""
