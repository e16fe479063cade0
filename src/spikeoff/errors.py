"""The one error that a caller's mistake raises."""


class UserError(ValueError):
    """A caller's mistake, reported in one line: what is wrong, the rule, what to do.

    The command line prints it and exits with status 2; library users catch it, as ``UserError`` or
    as the ``ValueError`` that it is.
    """


def one_line(error: BaseException, limit: int = 160) -> str:
    """A foreign exception's message folded into one line of at most ``limit`` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 3] + "..."
