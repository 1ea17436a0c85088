"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    Path | None, typer.Option("--model", metavar="FILE", help="An exported .onnx file. Default: the bundled model.")
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence",
        min=0,
        max=1,
        metavar="SHARE",
        help="Below this confidence the status is uncertain. Default: the model's own.",
    ),
]
MaxPixels = Annotated[
    int,
    typer.Option(
        "--max-pixels", min=1, metavar="N", help="Images with more pixels are unreadable.", show_default="40 million"
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--workers",
        min=0,
        metavar="N",
        help="Worker processes; 0: none. Default: one a CPU, none for few images.",
    ),
]
Timeout = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="What a worker may take over one image; 0: any time.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Results and errors only.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Also say which model is at work.")]
