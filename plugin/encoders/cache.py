"""Where vectors and downloaded weights are kept between runs.

Every encoder that keeps files on disk asks here for the folder.
"""

import os
from pathlib import Path

CACHE_FOLDER_VARIABLE = "FIFTYONE_AUTOLABEL_CACHE"


def default_cache_folder() -> Path:
    """The folder named by FIFTYONE_AUTOLABEL_CACHE, else the operating system's cache folder for us."""
    named = os.environ.get(CACHE_FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("fiftyone-autolabel", appauthor=False)
