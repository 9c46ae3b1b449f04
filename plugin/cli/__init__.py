"""The command line `fiftyone-autolabel`: one file per command.

`app` registers the commands; `options` holds shared options, `console` what is printed.
"""
