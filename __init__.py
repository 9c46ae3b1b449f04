"""FiftyOne plugin and Python package in one: label images from class names.

FiftyOne executes this file on every request, so it only registers; the public names, which are listed in
`__init__.pyi`, load when they are first used.
"""

import lazy_loader

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def register(plugin: object) -> None:
    """Called by FiftyOne: register the operators and panels."""
    from .operators import METRICS, OPERATORS
    from .panels import PANELS

    for each in (*OPERATORS, *METRICS, *PANELS):
        plugin.register(each)
