"""The command line `fiftyone-autolabel`: one file per command.

`app` puts the commands together; options that several share are in `options`, what is printed in `console`.
"""
