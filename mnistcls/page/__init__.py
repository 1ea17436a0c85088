"""One self-contained HTML page of results: figures, pictures, and a way to correct what was read wrongly.

The images on it are read a second time, after all predictions: only then is it known which are worth showing. So
classifying knows nothing of this, and no more than one decoded image is held here.
"""

from mnistcls.page.page import Page

__all__ = ["Page"]
