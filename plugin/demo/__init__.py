"""Photos to try the plugin on, and measurements on folders of class folders.

`photos` labels real photos with known classes; `bench` measures labels and cost.
"""
