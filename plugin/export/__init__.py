"""Writes labels and images where other people's programs read them.

Choosing what is exported, splits, safe names, the formats and the manifest.
"""
