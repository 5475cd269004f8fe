"""What goes wrong, as exceptions: one class for each code of include/vqe/error.h.

The text says what failed, on which input, and what to do about it.
"""

from __future__ import annotations


class VqeError(Exception):
    """Base class of all."""


class InputError(VqeError, ValueError):
    """What was given is wrong."""


class OutOfMemory(VqeError, MemoryError):
    """More memory is needed than there is; the text has the number."""


class FileError(VqeError, OSError):
    """A file could not be read."""


class NumericError(VqeError, ArithmeticError):
    """No convergence, or a number that is not finite."""


class UnsupportedError(VqeError, NotImplementedError):
    """Valid, but this build or method lacks it."""


class Interrupted(VqeError):
    """A run was asked to stop."""


class MissingError(VqeError, LookupError):
    """A file does not exist."""


class ExistsError(VqeError, OSError):
    """There already, and not to be replaced."""


class FailedRun(VqeError):
    """An experiment that ran and failed.

    Attributes
    ----------
    data
        all that is known of it, as `Result.data`
    """

    def __init__(self, reason: str, data: dict[str, object]) -> None:
        super().__init__(reason)
        self.data = data


CLASSES: dict[int, type[VqeError]] = {
    -1: InputError,
    -2: OutOfMemory,
    -3: FileError,
    -4: NumericError,
    -5: UnsupportedError,
    -6: Interrupted,
    -7: MissingError,
    -8: ExistsError,
}
