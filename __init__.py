"""FiftyOne plugin and Python package in one: label images from nothing but class names.

FiftyOne executes this file on every request, so it only registers; the public names load when used.
"""

from importlib import import_module

_PUBLIC = {
    "AutoLabeler": ".plugin.estimator",
    "BatchEncoder": ".plugin.encoders.base",
    "CachedEncoder": ".plugin.encoders.cache",
    "RunCancelledError": ".plugin.engine.errors",
    "Evaluation": ".plugin.run.evaluation",
    "ExportOptions": ".plugin.export.options",
    "Exported": ".plugin.export.exported",
    "FieldNames": ".plugin.dataset.fields",
    "InputError": ".plugin.engine.errors",
    "Labelling": ".plugin.run.pipeline",
    "Refinement": ".plugin.engine.results",
    "Relabelling": ".plugin.run.corrections",
    "RunState": ".plugin.dataset.record",
    "Settings": ".plugin.engine.config",
    "add_classes": ".plugin.run.again",
    "approve": ".plugin.dataset.reviews",
    "auto_label": ".plugin.run.pipeline",
    "cancel_run": ".plugin.dataset.record",
    "compare_runs": ".plugin.dataset.comparing",
    "compute_clusters": ".plugin.run.preparation",
    "compute_embeddings": ".plugin.run.preparation",
    "correct": ".plugin.dataset.reviews",
    "delete_run": ".plugin.dataset.deleting",
    "evaluate": ".plugin.run.evaluation",
    "export_labels": ".plugin.export.exporting",
    "label_files": ".plugin.run.files",
    "list_all_runs": ".plugin.dataset.record",
    "list_runs": ".plugin.dataset.record",
    "load_encoder": ".plugin.encoders.registry",
    "load_run": ".plugin.run.stored",
    "refine": ".plugin.engine.refinement",
    "refine_with_corrections": ".plugin.run.corrections",
    "review_next": ".plugin.dataset.review_views",
    "withdraw": ".plugin.dataset.reviews",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name], __name__), name)


def __dir__() -> list[str]:
    """Public names, for completion."""
    return sorted(_PUBLIC)


def register(plugin: object) -> None:
    """Called by FiftyOne: register the operators and panels."""
    from .operators import OPERATORS
    from .panels import PANELS

    for each in (*OPERATORS, *PANELS):
        plugin.register(each)
