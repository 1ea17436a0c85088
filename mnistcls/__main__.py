"""The program's way in, of `mnistcls` and of `python -m mnistcls`: it is there before anything slow is loaded."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; what interrupts it while it loads ends it without a word."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as it is of a job in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mnistcls import cli  # noqa: PLC0415 - half a second at times

    cli.main()


if __name__ == "__main__":
    main()
