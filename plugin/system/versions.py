"""Versions of the packages that decide which labels come out.

They are written down with every run, report and export.
"""

from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("fiftyone-autolabel", "numpy", "scipy", "scikit-learn")


def package_versions(*others: str) -> dict[str, str]:
    """Package → version, of the packages that decide what comes out.

    Args:
        *others: Packages that take part here beside the usual ones.
    """
    found = {}
    for name in (*PACKAGES, *others):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a plugin that was downloaded, not installed
            found[name] = "not installed"
    return found
