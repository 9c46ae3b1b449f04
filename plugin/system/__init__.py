"""The machine: the database, the installation, targets written completely or not at all, versions.

Imports only the errors of the engine.
"""
