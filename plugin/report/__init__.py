"""Shows what a run did: figures, reports, and prototypes that label images to come.

Everything is drawn from a `RunSummary`, plain numbers that fit into the record of a run.
"""
