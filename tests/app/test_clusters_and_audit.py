"""A person answers a cluster with one click in the panel, and audits labels to measure their accuracy."""

from fiftyone_autolabel import clusters_to_review
from fiftyone_autolabel.plugin.dataset.record import list_runs
from playwright.sync_api import expect

from .panel import number_of_samples, press


def test_a_cluster_is_answered_with_one_click(panel, labelled, screenshot):
    panel.get_by_role("tab", name="Clusters", exact=True).click()
    expect(panel.get_by_text("0 clusters answered so far.")).to_be_visible()
    screenshot("clusters")
    panel.get_by_role("button", name="Mixed").first.click()
    expect(panel.get_by_text("1 cluster answered so far.")).to_be_visible()
    accepted = clusters_to_review(labelled, label_field="auto_label")[0].label
    panel.get_by_role("button", name=accepted, exact=True).first.click()
    expect(panel.get_by_text("2 clusters answered so far.")).to_be_visible()
    labelled.reload()
    (run,) = list_runs(labelled)
    assert [each.given for each in run.statements] == ["", accepted]


def test_an_audit_measures_the_accuracy(panel, window):
    press(panel, "Audit").get_by_role("button", name="Show").click()
    expect(number_of_samples(window, 24)).to_be_visible()
    form = press(panel, "Approve")
    expect(form.get_by_text("Approve the labels of 24 images")).to_be_visible()
    form.get_by_role("button", name="Approve").click()
    expect(panel.get_by_text("measured 100% right (95% interval")).to_be_visible()
