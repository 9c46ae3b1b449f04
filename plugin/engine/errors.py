"""The exceptions that speak to the user.

Every layer may raise them, and every surface (form, command line, Python) shows their messages.
"""


class InputError(ValueError):
    """The input cannot be used; the message says what is wrong and what to do, in one sentence."""


class RunCancelledError(Exception):
    """Somebody cancelled the run; nothing was written."""
