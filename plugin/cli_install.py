"""The command `fiftyone-autolabel install`.

The plugin for FiftyOne, and the MongoDB that FiftyOne needs.
"""

from typing import Annotated

import typer


def install(
    uninstall: Annotated[bool, typer.Option("--uninstall", help="Take the plugin away again.")] = False,
    database_only: Annotated[
        bool, typer.Option("--database-only", help="Only make sure that FiftyOne has a MongoDB.")
    ] = False,
) -> None:
    """Make the plugin visible to FiftyOne, and make sure that FiftyOne has a MongoDB."""
    from . import install as installation
    from .dataset.database import ensure_mongod

    if uninstall:
        removed = installation.uninstall()
        print(f"Removed {removed}" if removed else "The plugin was not installed.")
        return
    if database_only:
        print(f"MongoDB: {ensure_mongod()}")
        return
    done = installation.install()
    print(f"MongoDB: {done.database}")
    print(f"Plugin:  {done.plugin} ({'installed' if done.is_new else 'was installed already'})")
