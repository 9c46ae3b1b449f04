"""What the machine gives: a database, the place of the plugin, files that are complete or absent, versions.

Knows nothing of labels and imports nothing but the errors of the engine.
"""
