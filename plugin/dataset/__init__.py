"""The only modules that touch a FiftyOne dataset.

Reading images and vectors, writing labels, and recording runs.
"""
