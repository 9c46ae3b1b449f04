"""FiftyOne plugin and Python package in one: label images from nothing but class names.

FiftyOne executes this file on every request, so it only registers; the public names load when used.
"""
