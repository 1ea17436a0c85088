"""A self-contained HTML page of results: figures, pictures, and a way to correct wrong answers.

Its images are read a second time, after all predictions: only then is it known which are worth showing. So classifying
does not depend on the page, and only one decoded image is held at a time.
"""

from mnistcls.page.page import Page

__all__ = ["Page"]
