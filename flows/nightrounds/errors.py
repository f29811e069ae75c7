"""Errors that a person can mend: one sentence that says what is wrong, one that says what to do."""


class NightroundsError(Exception):
    """A fault in the input or the set-up. Shown without a traceback; the command ends with exit code 2."""

    exit_code = 2

    def __init__(self, sentence: str, remedy: str) -> None:
        """Keep both sentences; `str()` of the error is what the terminal shows."""
        super().__init__(f"{sentence} {remedy}")
        self.sentence = sentence
        self.remedy = remedy


class GateClosedError(NightroundsError):
    """The extract failed a critical check: nothing is published, yesterday's report stands. Exit code 1."""

    exit_code = 1


class CheckFailedError(NightroundsError):
    """A check that the user asked for failed, such as a rule's cases. Exit code 1."""

    exit_code = 1
