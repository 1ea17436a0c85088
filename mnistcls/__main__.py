"""`python -m mnistcls`."""

from mnistcls.cli import main

main()
