"""Versions of the packages that influence the labels, stored with every run, report and export."""

from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("fiftyone-autolabel", "numpy", "scipy", "scikit-learn")


def package_versions(*others: str) -> dict[str, str]:
    """Package → version.

    Args:
        *others: Packages beside the usual ones.
    """
    found = {}
    for name in (*PACKAGES, *others):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a plugin that was downloaded, not installed
            found[name] = "not installed"
    return found
