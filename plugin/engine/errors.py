"""The one exception that speaks to the user.

Every layer raises it for bad input, and every surface (form, command line, Python) shows its message.
"""


class InputError(ValueError):
    """The input cannot be used; the message says what is wrong and what to do, in one sentence."""
