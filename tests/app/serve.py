"""Serves the App in a process of its own.

python serve.py PORT
"""

import sys

import fiftyone as fo

if __name__ == "__main__":
    session = fo.launch_app(remote=True, address="127.0.0.1", port=int(sys.argv[1]))
    session.wait(-1)
