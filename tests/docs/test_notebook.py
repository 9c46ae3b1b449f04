"""The notebook runs from top to bottom in a kernel of its own, and is kept without outputs."""

import nbclient
import nbformat
import pytest
from nbformat import NotebookNode

from .conftest import ROOT

NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"
FIGURE = "application/vnd.plotly.v1+json"


@pytest.fixture
def notebook() -> NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_every_cell_runs_and_the_figures_show(notebook, tmp_path):
    metadata = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3", resources=metadata).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    drawn = [any(FIGURE in output.get("data", {}) for output in cell.outputs) for cell in cells]
    assert drawn == [".plot_" in cell.source for cell in cells]


def test_no_outputs_are_kept(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all((cell.outputs, cell.execution_count) == ([], None) for cell in cells)
