"""Serves the App on one dataset, in a process of its own.

python serve.py DATASET PORT
"""

import sys

import fiftyone as fo

if __name__ == "__main__":
    dataset, port = sys.argv[1:]
    session = fo.launch_app(fo.load_dataset(dataset), remote=True, address="127.0.0.1", port=int(port))
    session.wait(-1)
