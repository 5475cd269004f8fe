"""libvqe, loaded, and what every call of it needs."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import errors
from ._vqe import ffi as ffi

Floats = npt.NDArray[np.float64]

# one version alone fits the declarations, which were made beside it
_PATH = pathlib.Path(__file__).parent / "lib" / "libvqe.so"


def _load() -> Any:
    try:
        return ffi.dlopen(os.fspath(_PATH))
    except OSError as error:
        raise ImportError(
            f"{error}. vqe_batch takes its libraries (OpenBLAS, LAPACKE, NLopt, "
            "GSL, jansson, OpenSSL, zlib, avro-c) from the system, as README.md "
            "lists them"
        ) from None


lib = _load()


def text_of(pointer: Any) -> str:
    """A text of the library; "" for NULL."""
    if pointer == ffi.NULL:
        return ""
    held: bytes = ffi.string(pointer)
    return held.decode("utf-8", "replace")


def check(status: int) -> None:
    """Raise what a negative status stands for."""
    if status < 0:
        kind = errors.CLASSES.get(status, errors.VqeError)
        raise kind(text_of(lib.vqe_error_message()))


def floats_at(pointer: Any, count: int) -> Floats:
    """A copy of `count` doubles."""
    if pointer == ffi.NULL or count == 0:
        return np.empty(0)
    return np.frombuffer(ffi.buffer(pointer, 8 * count), dtype=np.float64).copy()


def view_of(pointer: Any, shape: tuple[int, ...], dtype: npt.DTypeLike, owner: object) -> Any:
    """An array over memory of the library, read only, which keeps `owner`, and
    with it the memory, for as long as it is there."""
    kind = np.dtype(dtype)
    count = int(np.prod(shape))
    # the destructor does nothing but hold the owner
    held = ffi.gc(pointer, functools.partial(lambda _owner, _pointer: None, owner))
    # NumPy lets nobody make it writable, as the memory itself says read only
    memory = memoryview(ffi.buffer(held, kind.itemsize * count)).toreadonly()
    return np.frombuffer(memory, dtype=kind).reshape(shape)


def given_floats(values: npt.ArrayLike, what: str) -> Floats:
    """Contiguous float64 of what a caller gives: real, finite numbers."""
    held = np.asarray(values)
    if held.dtype == object or np.iscomplexobj(held):
        raise TypeError(f"{what} are of the type {held.dtype}, real numbers are expected")
    array = np.ascontiguousarray(held, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{what} hold a number that is not finite")
    return array


class Turns:
    """A lock for calls from several threads. A callback or a signal handler that
    comes back into a call of its own thread would wait for itself: it is told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise RuntimeError("a call of this Estimator is at work in this very thread")
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *_error: object) -> None:
        self._owner = 0
        self._lock.release()


def pointer_to(array: npt.NDArray[Any], kind: str = "double[]") -> Any:
    """For the library, to the memory of a contiguous array itself."""
    return ffi.from_buffer(kind, array)


def _plain(value: object) -> object:
    """NumPy's values and paths, for json."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} is no value of a job")


def job_text(molecule: object, settings: Mapping[str, object]) -> bytes:
    """A molecule and settings as the text of a job."""
    if isinstance(molecule, (str, os.PathLike)):
        molecule = os.fspath(molecule)
    elif not isinstance(molecule, Mapping):
        raise TypeError(
            "a molecule is a dict with 'symbols' and 'coords', a QCSchema AtomicInput "
            f"or molecule as a dict, or the path of a file, and not {type(molecule).__name__}"
        )
    else:
        molecule = dict(molecule)
    given = {key: value for key, value in settings.items() if value is not None}
    if "molecules" in given:
        raise TypeError("the molecule is the first argument, 'molecules' is no setting here")
    job = {"molecules": molecule if isinstance(molecule, str) else [molecule], **given}
    return json.dumps(job, default=_plain, allow_nan=False).encode()


class Calls:
    """Functions that the library calls, and the exception that one of them had.

    An exception ends the call of the library, which then raises it; so does
    Ctrl-C, as Python looks for signals whenever the library asks whether to stop.
    """

    def __init__(self) -> None:
        self.raised: BaseException | None = None
        self.struct = ffi.new("struct vqe_callbacks *")
        lib.vqe_callbacks_init(self.struct)
        self._kept: list[Any] = []
        self.struct.should_stop = self.function(
            "bool(*)(void *)", lambda _: self.raised is not None, True
        )

    def function(self, signature: str, python: Callable[..., Any], error: object = None) -> Any:
        """`error` is what the library gets for an exception."""
        made = ffi.callback(signature, python, error, self._caught)
        self._kept.append(made)
        return made

    def _caught(self, _kind: object, value: BaseException, _trace: object) -> None:
        if self.raised is None:
            self.raised = value

    def check(self, status: int) -> None:
        """`check`, but the exception of a callback goes before."""
        raised, self.raised = self.raised, None
        if raised is not None:
            raise raised
        check(status)


def run_options(threads: int) -> Any:
    """struct vqe_run_options *."""
    options = ffi.new("struct vqe_run_options *")
    lib.vqe_run_options_init(options)
    options.threads = threads
    return options


def version() -> str:
    """Version of libvqe."""
    return text_of(lib.vqe_version())

