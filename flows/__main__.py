"""`python -m flows` is `keystone`."""

from flows.cli import main

main()
