"""What FiftyOne's plugin review asks of a manifest and of operators, and an assistant needs to choose one."""

from pathlib import Path

import fiftyone.operators as foo
import pytest
import yaml
from fiftyone.operators import types
from fiftyone_autolabel.operators import METRICS, OPERATORS

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = "@autolabel/prototypes"
READ_ONLY = {"review_next", "audit", "show_run", "compare_runs"}
BRAIN = {
    "compute_embeddings",
    "compute_exact_duplicates",
    "compute_hardness",
    "compute_mistakenness",
    "compute_near_duplicates",
    "compute_representativeness",
    "compute_similarity",
    "compute_uniqueness",
    "compute_visualization",
    "manage_brain_runs",
}
"""Operators of the plugins @voxel51/brain and @voxel51/zoo."""


@pytest.mark.parametrize("key", ["name", "author", "version", "license", "description", "fiftyone", "skills"])
def test_the_manifest_says_who_what_and_for_which_fiftyone(key):
    assert yaml.safe_load((ROOT / "fiftyone.yml").read_text(encoding="utf-8"))[key]


def test_no_operator_is_called_like_one_of_fiftyone():
    builtin = {operator.config.name for operator in foo.list_operators(builtin=True)}
    assert {each.uri_name for each in (*OPERATORS, *METRICS)} & (builtin | BRAIN) == set()


@pytest.mark.parametrize("operator", [*OPERATORS, *METRICS], ids=lambda each: each.uri_name)
def test_a_description_says_when_to_use_the_operator(operator):
    assert operator().config.description.startswith("Use ")


def test_no_two_operators_have_one_description():
    assert len({each.description for each in OPERATORS}) == len(OPERATORS)


def test_what_only_reads_is_of_low_risk_and_all_else_is_not():
    low = {each.uri_name for each in OPERATORS if each().config.risk_level == types.RiskLevel.LOW}
    assert low == READ_ONLY


@pytest.mark.parametrize("name", ["add_class", "cluster_images", "embed_images", "evaluate", "export_labels"])
def test_an_operator_that_replaces_something_says_so(name):
    assert "replace" in foo.get_operator(f"{PLUGIN}/{name}").config.description


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda each: each.uri_name)
def test_the_app_opens_a_window_only_for_the_message_of_an_operator_without_a_notice(operator):
    in_app = foo.ExecutionContext(request_params={"operator_uri": f"{PLUGIN}/{operator.uri_name}"})
    output = foo.get_operator(f"{PLUGIN}/{operator.uri_name}").resolve_output(in_app)
    shown = [
        name for name, each in output.type.properties.items() if not isinstance(each.view, types.HiddenView)
    ]
    assert shown == (["message"] if operator.is_told else [])
