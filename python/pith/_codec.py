# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The library's calls, on arrays."""
from __future__ import annotations

import dataclasses
import os
import threading
import warnings
from typing import Dict, Optional, Tuple, Union

import numpy as np

from ._pith import ffi, lib

Bytes = Union[bytes, bytearray, memoryview]
METHODS = {lib.PITH_METHOD_LATENT: "latent", lib.PITH_METHOD_PALETTE: "palette", lib.PITH_METHOD_EXACT: "exact"}
LEVELS = {None: lib.PITH_LEVEL_NONE, "loose": lib.PITH_LEVEL_LOOSE, "normal": lib.PITH_LEVEL_NORMAL,
          "strict": lib.PITH_LEVEL_STRICT}


class PithError(Exception):
    """What the library says, in one line; `status` is the name of its status, such as "PITH_E_FORMAT"."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = ffi.string(lib.pith_status_name(status)).decode()


class FormatError(PithError):
    """The bytes are no .pith file, or a broken one, or of a version that this library cannot read."""


class ChecksumError(FormatError):
    """The file is damaged."""


class LimitError(PithError):
    """A limit, or the size that was asked for, would be exceeded."""


class MissingModelError(PithError):
    """The model that the file needs was not found, or is another one."""


ERRORS = {lib.PITH_E_TRUNCATED: FormatError, lib.PITH_E_FORMAT: FormatError, lib.PITH_E_VERSION: FormatError,
          lib.PITH_E_UNSUPPORTED: FormatError, lib.PITH_E_CHECKSUM: ChecksumError, lib.PITH_E_LIMIT: LimitError,
          lib.PITH_E_MODEL_MISSING: MissingModelError, lib.PITH_E_MODEL_MISMATCH: MissingModelError}


def _check(status: int, message: bytes) -> None:
    if status == lib.PITH_OK:
        return
    text = message.decode("utf-8", "replace") or ffi.string(lib.pith_status_name(status)).decode()
    if status == lib.PITH_E_NOMEM:
        raise MemoryError(text)
    if status == lib.PITH_E_ARG:
        raise ValueError(text)
    raise ERRORS.get(status, PithError)(status, text)


@ffi.def_extern()
def pith_python_log(_user: object, level: int, text: object) -> None:
    if level == lib.PITH_LOG_WARNING:
        warnings.warn(ffi.string(text).decode("utf-8", "replace"), RuntimeWarning, stacklevel=2)


def _environment(threads: int) -> object:
    if threads < 0:
        raise ValueError(f"threads is {threads}, not 0 or more")
    env = ffi.new("pith_env *")
    _check(lib.pith_env_defaults(env, ffi.sizeof("pith_env")), b"")
    env.threads = threads
    env.log.message = lib.pith_python_log
    return env


def version() -> str:
    """The version of the library."""
    return ffi.string(lib.pith_version_string()).decode()


class Model:
    """A model, opened once and used by any number of threads. Most programs need none: encode takes the default one,
    decode that which the file names."""

    def __init__(self, path: Union[str, os.PathLike, None] = None) -> None:
        """The model in a file; without a path the default one."""
        why, out = ffi.new("pith_diag *"), ffi.new("pith_model **")
        if path is None:
            status = lib.pith_model_open_default(out, ffi.NULL, why)
        else:
            status = lib.pith_model_open(out, ffi.NULL, os.fsencode(path), why)
        _check(status, ffi.string(why.message))
        self._own(out[0])

    def _own(self, pointer: object) -> None:
        def free(model: object) -> None:
            lib.pith_model_free(ffi.new("pith_model **", model))
        self._pointer = ffi.gc(pointer, free)

    @classmethod
    def _of(cls, pointer: object) -> "Model":
        model = cls.__new__(cls)
        model._own(pointer)
        return model

    @property
    def name(self) -> str:
        """Such as "mini-5"."""
        contents = ffi.new("pith_model_contents *")
        contents.struct_size = ffi.sizeof("pith_model_contents")
        _check(lib.pith_model_get_contents(self._pointer, contents), b"")
        return ffi.string(contents.name).decode()

    @property
    def latent_id(self) -> str:
        """The fingerprint of its latent space, 16 hexadecimal digits."""
        found = ffi.new("uint8_t[]", 8)
        _check(lib.pith_model_latent_id(self._pointer, found), b"the model has no fingerprint")
        return bytes(found).hex()

    def __repr__(self) -> str:
        return f"<pith.Model {self.name}>"


_models: Dict[str, Model] = {}  # by latent_id and decoder; "": the default one
_models_lock = threading.Lock()


def _default_model() -> Model:
    with _models_lock:
        if "" not in _models:
            _models[""] = Model()
        return _models[""]


def _model_of_file(found: object) -> Optional[Model]:
    """The model that a file needs; None for an exact picture."""
    if found.method == lib.PITH_METHOD_EXACT:
        return None
    key = bytes(found.latent_id).hex() + bytes(found.residual_decoder_id).hex()
    with _models_lock:
        if key not in _models:
            why, out = ffi.new("pith_diag *"), ffi.new("pith_model **")
            _check(lib.pith_model_find(out, ffi.NULL, found, why), ffi.string(why.message))
            _models[key] = Model._of(out[0])
        return _models[key]


@dataclasses.dataclass(frozen=True)
class Info:
    """What is in a file."""
    width: int
    height: int
    channels: int                 # 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
    depth: int                    # bits of the original picture: 8 or 16
    n_bytes: int
    method: str                   # "latent", "palette" or "exact"
    lossless: bool
    version: str                  # of the format
    model: Optional[str]          # name of the model it needs; None: it needs none
    latent_id: Optional[str]
    faithful: Optional[str]       # what the file promises: "loose", "normal", "strict"
    icc: Optional[bytes]
    exif: Optional[bytes]         # from the TIFF header on
    xmp: Optional[bytes]


class _Opened:
    """A decoder with an opened file."""

    def __init__(self, data: Bytes, threads: int = 0) -> None:
        self.env = _environment(threads)
        self.data = ffi.from_buffer(data)
        why, out = ffi.new("pith_diag *"), ffi.new("pith_decoder **")
        _check(lib.pith_decoder_new(out, self.env, why), ffi.string(why.message))
        self.decoder = ffi.gc(out[0], lambda pointer: lib.pith_decoder_free(ffi.new("pith_decoder **", pointer)))
        self.check(lib.pith_decoder_open(self.decoder, self.data, len(self.data)))
        self.info = ffi.new("pith_info *")
        self.info.struct_size = ffi.sizeof("pith_info")
        self.check(lib.pith_decoder_info(self.decoder, self.info))

    def check(self, status: int) -> None:
        _check(status, b"" if status == lib.PITH_OK else ffi.string(lib.pith_decoder_message(self.decoder)))

    def metadata(self, kind: int) -> Optional[bytes]:
        data, n_bytes = ffi.new("const uint8_t **"), ffi.new("size_t *")
        self.check(lib.pith_decoder_metadata(self.decoder, kind, data, n_bytes))
        return bytes(ffi.buffer(data[0], n_bytes[0])) if n_bytes[0] else None

    def describe(self) -> Info:
        i = self.info
        exact = i.method == lib.PITH_METHOD_EXACT
        return Info(width=i.format.width, height=i.format.height, channels=i.format.n_channels,
                    depth=i.source_bit_depth, n_bytes=i.n_file_bytes, method=METHODS[i.method],
                    lossless=bool(i.lossless), version=f"{i.version_major}.{i.version_minor}",
                    model=None if exact else ffi.string(i.model_name).decode(),
                    latent_id=None if exact else bytes(i.latent_id).hex(),
                    faithful=next(name for name, level in LEVELS.items() if level == i.faithful),
                    icc=self.metadata(lib.PITH_METADATA_ICC), exif=self.metadata(lib.PITH_METADATA_EXIF),
                    xmp=self.metadata(lib.PITH_METADATA_XMP))


def info(data: Bytes) -> Info:
    """What is in a file; decodes nothing and needs no model."""
    return _Opened(data).describe()


def decode(data: Bytes, *, region: Optional[Tuple[int, int, int, int]] = None, preview: bool = False,
           realism: float = 0.0, depth: int = 8, steps: int = -1, threads: int = 0,
           model: Optional[Model] = None) -> np.ndarray:
    """The picture of a file: uint8 [height, width] for grey, else [height, width, channels]; uint16 with depth=16.

    region: (x, y, width, height), a part of it. preview: 1/8 of the size, at once. realism: 0..1, texture that the file
    does not hold. depth: 8 (the default) or 16. Raises PithError, ValueError, MemoryError.
    """
    opened = _Opened(data, threads)
    if depth not in (8, 16):
        raise ValueError(f"depth is {depth}, not 8 or 16")
    options = ffi.new("pith_decode_options *")
    _check(lib.pith_decode_options_defaults(options, ffi.sizeof("pith_decode_options")), b"")
    options.steps, options.realism, options.preview = steps, realism, preview
    width, height = opened.info.format.width, opened.info.format.height
    if region is not None:
        options.region.x, options.region.y, options.region.width, options.region.height = region
        width, height = options.region.width, options.region.height
    if preview:
        scale = opened.info.downscale
        x, y = options.region.x, options.region.y
        width = (x + width - 1) // scale - x // scale + 1
        height = (y + height - 1) // scale - y // scale + 1
    n = opened.info.format.n_channels
    array = np.empty((height, width, n), np.uint16 if depth == 16 else np.uint8)
    image, sink = ffi.new("pith_image *"), ffi.new("pith_sink *")
    image.format.width, image.format.height = width, height
    image.format.n_channels, image.format.bit_depth = n, depth
    image.pixels, image.stride_bytes = ffi.cast("void *", array.ctypes.data), array.strides[0]
    _check(lib.pith_sink_to_image(sink, ffi.sizeof("pith_sink"), image), b"the picture cannot be received")
    used = model or _model_of_file(opened.info)
    opened.check(lib.pith_decode(opened.decoder, used._pointer if used else ffi.NULL, options, sink))
    return array[:, :, 0] if n == 1 else array


def _as_picture(array: np.ndarray) -> np.ndarray:
    """[height, width, channels], C order, uint8 or uint16 in native byte order."""
    array = np.asarray(array)
    if array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise TypeError(f"a picture is of uint8 or uint16, not {array.dtype}")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4 or 0 in array.shape:
        raise ValueError(f"a picture is [height, width] or [height, width, 1..4], not {list(array.shape)}")
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def encode(array: np.ndarray, *, quality: Optional[float] = None, size: Optional[int] = None, lossless: bool = False,
           effort: int = 1, faithful: Optional[str] = None, method: str = "latent", icc: Optional[bytes] = None,
           exif: Optional[bytes] = None, xmp: Optional[bytes] = None, hash: bool = False, threads: int = 0,
           model: Optional[Model] = None) -> bytes:
    """The .pith file of a picture, uint8 or uint16, [height, width] or [height, width, 1..4].

    quality: 0..100 (50). size: instead, the most bytes. lossless: instead, every sample exactly. effort: 0..3. faithful:
    "loose", "normal" or "strict", a bound on the error of every tile. icc, exif, xmp: metadata, kept as they are. hash:
    keep the hash of the decoded picture in the file. Raises PithError, TypeError, ValueError, MemoryError.
    """
    picture = _as_picture(array)
    if sum((quality is not None, size is not None, lossless)) > 1:
        raise ValueError("give one of quality, size and lossless")
    if size is not None and size < 1:
        raise ValueError(f"size is {size}, not 1 or more")
    if faithful not in LEVELS:
        raise ValueError(f'faithful is {faithful!r}, not "loose", "normal" or "strict"')
    methods = {name: number for number, name in METHODS.items()}
    if method not in methods:
        raise ValueError(f"method is {method!r}, not one of {sorted(methods)}")
    options = ffi.new("pith_encode_options *")
    _check(lib.pith_encode_options_defaults(options, ffi.sizeof("pith_encode_options")), b"")
    options.effort, options.lossless, options.method = effort, lossless, methods[method]
    options.faithful = LEVELS[faithful]
    if quality is not None:
        options.quality = quality
    if size is not None:
        options.max_bytes = size
    if hash:
        options.extras = lib.PITH_EXTRA_HASH
    borrowed = []
    for name, value in (("icc", icc), ("exif", exif), ("xmp", xmp)):
        if value:
            borrowed.append(ffi.from_buffer(value))
            span = getattr(options, name)
            span.data, span.n_bytes = ffi.cast("const uint8_t *", borrowed[-1]), len(borrowed[-1])
    image, source, file = ffi.new("pith_image *"), ffi.new("pith_source *"), ffi.new("pith_bytes *")
    image.format.height, image.format.width, image.format.n_channels = picture.shape
    image.format.bit_depth = 8 * picture.dtype.itemsize
    image.pixels, image.stride_bytes = ffi.cast("void *", picture.ctypes.data), picture.strides[0]
    _check(lib.pith_source_from_image(source, ffi.sizeof("pith_source"), image), b"not a picture that can be encoded")
    used = None if lossless else model or _default_model()
    env, why, out = _environment(threads), ffi.new("pith_diag *"), ffi.new("pith_encoder **")
    _check(lib.pith_encoder_new(out, env, used._pointer if used else ffi.NULL, why), ffi.string(why.message))
    encoder = ffi.gc(out[0], lambda pointer: lib.pith_encoder_free(ffi.new("pith_encoder **", pointer)))
    status = lib.pith_encode(encoder, source, options, file)
    _check(status, b"" if status == lib.PITH_OK else ffi.string(lib.pith_encoder_message(encoder)))
    try:
        return bytes(ffi.buffer(file.data, file.n_bytes))
    finally:
        lib.pith_bytes_free(ffi.NULL, file)
