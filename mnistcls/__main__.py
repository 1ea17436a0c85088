"""The program's way in, of `mnistcls` and of `python -m mnistcls`: it is there before anything slow is loaded."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; what interrupts it while it loads ends it without a word."""
    if sys.getfilesystemencoding() != "utf-8":  # file names must reach outputs byte by byte, whatever the locale
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - this very program
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as it is of a job in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mnistcls import cli  # noqa: PLC0415 - half a second at times

    cli.main()


if __name__ == "__main__":
    main()
