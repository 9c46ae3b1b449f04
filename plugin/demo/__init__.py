"""Demo photos, and measurements on images in class folders.

`photos` labels real photos with known classes; `bench` measures accuracy, time and memory.
"""
