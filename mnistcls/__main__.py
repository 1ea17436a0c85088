"""The entry point of `mnistcls` and of `python -m mnistcls`, which loads nothing slow itself."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; Ctrl-C while it loads ends it without a message."""
    if sys.getfilesystemencoding() != "utf-8":  # file names must reach outputs byte by byte, whatever the locale
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - this very program
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as it is of a job in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mnistcls import cli  # noqa: PLC0415 - half a second at times

    cli.main()


if __name__ == "__main__":
    main()
