"""The story, told once: from images and class names to labels, and from labels to better ones.

`pipeline` reads embed, cluster, refine, name, write; all ways in call it from here.
"""
