"""The auto-labelling package: arrays in `engine`, vectors in `encoders`, FiftyOne in `dataset`.

`pipeline` tells the story once; operators, the command line and Python all call it.
"""
