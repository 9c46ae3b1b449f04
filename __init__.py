"""FiftyOne plugin and Python package in one: label images from nothing but class names.

FiftyOne executes this file on every request, so it only registers; the public names load when used.
"""

from importlib import import_module

_PUBLIC = {
    "AutoLabeler": ".plugin.estimator",
    "BatchEncoder": ".plugin.encoders.base",
    "CachedEncoder": ".plugin.encoders.cache",
    "RunCancelledError": ".plugin.engine.errors",
    "Evaluation": ".plugin.evaluation",
    "ExportOptions": ".plugin.export.options",
    "Exported": ".plugin.export.manifest",
    "FieldNames": ".plugin.dataset.fields",
    "InputError": ".plugin.engine.errors",
    "Labelling": ".plugin.pipeline",
    "Refinement": ".plugin.engine.results",
    "Relabelling": ".plugin.corrections",
    "RunState": ".plugin.dataset.runs",
    "Settings": ".plugin.engine.config",
    "add_classes": ".plugin.repeating",
    "approve": ".plugin.dataset.answers",
    "auto_label": ".plugin.pipeline",
    "cancel_run": ".plugin.dataset.runs",
    "compare_runs": ".plugin.dataset.comparing",
    "compute_clusters": ".plugin.preparation",
    "compute_embeddings": ".plugin.preparation",
    "correct": ".plugin.dataset.answers",
    "delete_run": ".plugin.dataset.deleting",
    "evaluate": ".plugin.evaluation",
    "export_labels": ".plugin.export.exporting",
    "label_files": ".plugin.files",
    "list_all_runs": ".plugin.dataset.runs",
    "list_runs": ".plugin.dataset.runs",
    "load_encoder": ".plugin.encoders.registry",
    "load_run": ".plugin.stored",
    "refine": ".plugin.engine.refinement",
    "refine_with_corrections": ".plugin.corrections",
    "review_next": ".plugin.dataset.review",
    "withdraw": ".plugin.dataset.answers",
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
