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
    _fill_standard_descriptors()
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as it is of a job in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mnistcls import cli  # noqa: PLC0415 - half a second at times

    cli.main()


def _fill_standard_descriptors() -> None:
    """Open the null device as those of the descriptors 0 to 2 that are closed.

    Otherwise the first file opened would get one of them, and the messages of a C library would go into the results.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)  # as worker processes open files, too
    os.close(descriptor)


if __name__ == "__main__":
    main()
