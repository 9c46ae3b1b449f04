"""Images and texts to vectors, one file per encoder behind the protocol in `base`.

`load_encoder` in `registry` turns a name such as "offline" into one of them.
"""
