"""The command `fiftyone-autolabel install`.

Installs the plugin in FiftyOne, and the MongoDB that FiftyOne needs.
"""

from typing import Annotated

import typer

from .options import JsonOption, QuietOption


def install(
    uninstall: Annotated[bool, typer.Option("--uninstall", help="Remove the plugin from FiftyOne.")] = False,
    database_only: Annotated[
        bool, typer.Option("--database-only", help="Only make sure that FiftyOne has a MongoDB.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Register the plugin with FiftyOne, and make sure that FiftyOne has a MongoDB.

    Examples:

        fiftyone-autolabel install

        fiftyone-autolabel install --uninstall
    """
    from ..system import install as installation
    from ..system.database import ensure_mongod
    from .console import Printer

    printer = Printer(as_json, quiet)
    if uninstall:
        removed = installation.uninstall()
        sentence = f"Removed {removed}" if removed else "The plugin was not installed."
        printer.tell({"removed": removed and str(removed)}, sentence)
        return
    if database_only:
        database = ensure_mongod()
        printer.tell({"database": database}, f"MongoDB: {database}")
        return
    done = installation.install()
    printer.tell(
        {"database": done.database, "plugin": str(done.plugin), "is_new": done.is_new},
        f"MongoDB: {done.database}",
        f"Plugin:  {done.plugin} ({'installed' if done.is_new else 'already installed'})",
    )
