"""Write the corpus: for every reader sound files, and hostile ones of the kinds that are known.

``python -m tests.fuzz.make_corpus`` after a format has changed. JSON and TOML are kept by hand.
"""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import save

from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.run import checkpoints
from spikeoff.run.train_state import TrainState
from tests.fuzz.readers import CORPUS, sound


def put(name: str, content: bytes) -> None:
    path = CORPUS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def array(value: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, value)
    return stream.getvalue()


def header(shape: str, descr: str = "|u1") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def idx_files() -> None:
    images = bytes(range(196)) * 4
    put("idx/images", struct.pack(">IIII", 0x803, 1, 28, 28) + images)
    put("idx/labels", struct.pack(">II", 0x801, 3) + b"\x01\x02\x09")
    put("idx/huge", struct.pack(">IIII", 0x803, *[0xFFFFFFFF] * 3))
    put("idx/zero_and_huge", struct.pack(">IIII", 0x803, 0, 0xFFFFFFFF, 0xFFFFFFFF))
    put("idx/floats", struct.pack(">II", 0xD01, 1) + b"\0\0\0\0")
    put("idx/empty", b"\x00")


def npy_files() -> None:
    put("npy/connection", array(np.array([[s, t, 0.5] for s in range(4) for t in range(4)])))
    put("npy/responses", array(np.arange(12, dtype=np.int32).reshape(3, 4)))
    put("npy/theta", array(np.array([20.0, 21.5, 3.0])))
    put("npy/negative", array(np.array([[0, 0, -1.0], [0, np.nan, 1]])))
    put("npy/object", array(np.array([{}, []], object)))
    put("npy/structured", array(np.zeros(2, [("a", "i4"), ("b", "f8")])))
    put("npy/huge", header("(1000000000000, 1000000000000)"))
    put("npy/zero_and_huge", header("(0, 99999999999999999999)"))
    put("npy/python2", header("(3L,)") + b"abc")
    put("npy/code", header("__import__('os').mkdir('executed')"))
    put("npy/nested", header("(" * 500))


def npz_files() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{key}.npy", sound(key))
    put("npz/sound", stream.getvalue())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../x_train.npy", sound("x_train"))
        archive.writestr("/etc/passwd", b"x")
    put("npz/traversal", stream.getvalue())
    put("npz/images", sound("x_train"))
    put("npz/floats", array(np.full((3, 784), 0.5)))
    put("npz/not_a_number", array(np.full((3, 784), np.nan)))
    put("npz/object", array(np.array([{}] * 3, object)))
    put("npz/other_shape", array(np.zeros((3, 14, 56), np.uint8)))


def pickle_files() -> None:
    pixels = np.zeros((2, 784), np.float32)
    labels = np.arange(2)
    part = (pixels, labels)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        put(f"pickle/theano_{protocol}", pickle.dumps((part, part, part), protocol))
    content = {"x": pixels.astype(np.uint8), "y": [[1], [2]], "rows": 28, "cols": 28}
    put("pickle/dict", pickle.dumps(content, 2))
    put("pickle/object_array", pickle.dumps((np.array([{}], object),) * 3, 2))
    put("pickle/structured", pickle.dumps((np.zeros(2, [("a", "i4")]),) * 3, 2))
    put("pickle/labels_out_of_range", pickle.dumps(content | {"y": [[10], [-1]]}, 2))
    put("pickle/huge_number", pickle.dumps(content | {"y": [[10**3000], [1]]}, 2))
    put("pickle/system", b"cos\nsystem\n(S'true'\ntR.")
    put("pickle/eval", b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.")
    put("pickle/getattr", b"cbuiltins\ngetattr\n(cnumpy\ndtype\nS'__class__'\ntR.")
    put("pickle/long_memo", b"]r\xff\xff\xff\x7f.")
    put("pickle/huge_bytearray", b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\x00\x00.")
    put("pickle/deep", b"(" * 3000 + b"t" * 3000 + b".")
    put("pickle/setstate", b"cnumpy\ndtype\n(S'i4'\ntR(I3\nS'<'\nN(S'f0'\ntNI-1\nI-1\nI0\ntb.")
    put("pickle/huge_shape", pickle.dumps(part, 2).replace(b"M\x10\x03", b"J\xff\xff\xff\x7f"))


def tensor_files() -> None:
    contender = DiehlCook(DiehlCookConfig(n_e=2, n_i=2, num_threads=1))
    small = {name: array[..., :4] for name, array in contender.snapshot().items()}
    path = CORPUS / "safetensors" / "checkpoint"
    path.parent.mkdir(parents=True, exist_ok=True)
    run = {"contender": "diehl-cook", "data": "0" * 64, "started": "2026-01-01"}
    checkpoints.write(path, checkpoints.Checkpoint(1, "0.1.0", run, TrainState(1), small))
    put("safetensors/plain", save({"weights_0": np.zeros((2, 3)), "flag": np.array([True])}))
    put("safetensors/complex", save({"a": np.zeros(2, np.complex64)}))
    put("safetensors/not_finite", save({"a": np.array([np.nan, np.inf])}))
    for name, fields in {
        "huge": {"a": ("F64", [10**12], [0, 8 * 10**12])},
        "overlapping": {"a": ("U8", [2], [0, 2]), "b": ("U8", [2], [1, 3])},
        "overflow": {"a": ("F64", [1 << 62, 4], [0, 0])},
        "unknown_type": {"a": ("BF16", [1], [0, 2])},
    }.items():
        keys = ("dtype", "shape", "data_offsets")
        content = {key: dict(zip(keys, parts, strict=True)) for key, parts in fields.items()}
        text = json.dumps(content).encode()
        put(f"safetensors/{name}", struct.pack("<Q", len(text)) + text + b"\0\0\0")
    put("safetensors/long_header", struct.pack("<Q", 1 << 62) + b"{}")


def text_files() -> None:
    put("csv/sound", b"epoch,loss,validation_accuracy\n1,0.5,0.9\n2,,0.95\n")
    put("csv/more_cells", b"epoch\n1,2,3\n")
    put("csv/quote", b'epoch,"a\n1,2\n')
    put("csv/not_numbers", b"epoch,loss\n1,nan\nx,inf\n")
    put("csv/nul", b"epoch\n\x001\n")
    put("json/deep", b"[" * 5000)
    put("json/long_number", b'{"contender": ' + b"1" * 5000 + b"}")
    put("json/not_utf8", b'{"contender": "\xff\xfe"}')
    put("json/infinity", b'{"contender": "mlp", "tdp": Infinity}')
    put("toml/deep", b"a = " + b"[" * 5000)
    put("toml/long_number", b"multiply_pj = " + b"1" * 5000)
    put(
        "toml/not_a_number",
        b'name = "x"\nsource = "y"\nmultiply_pj = nan\n[[memory]]\npj_per_64_bits = inf\n',
    )
    packaged = Path("src/spikeoff/ledger/tables/cmos_45nm.toml")
    put("toml/cmos_45nm.toml", packaged.read_bytes())


def table_files() -> None:
    rows = "".join(f"{k % 3},0,{k},7,0\n" for k in range(30))
    put("table/label_first", rows.encode())
    put("table/header", b"label,a,b,c,d\n" + rows.encode())
    put("table/names", rows.replace("2,0,", "owl;,0,").encode())
    put("table/quote", b'"a\n1,2,3\n')
    put("table/nul", b"1,0,\x00,7,0\n")
    put("table/ragged", rows.encode() + b"1,2\n")
    put("table/not_numbers", b"1,nan,inf,-1,1e999\n" * 4)
    put("table/wide", b"1" * 3000 + b",2,3\n")


def picture_files() -> None:
    picture = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "PPM"):
        stream = io.BytesIO()
        picture.save(stream, kind)
        put(f"picture/{kind.lower()}", stream.getvalue())
    put("picture/huge", b"P5 1000000 1000000 255\n")
    put("picture/postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")


def main() -> None:
    table_files()
    picture_files()
    idx_files()
    npy_files()
    npz_files()
    pickle_files()
    tensor_files()
    text_files()


if __name__ == "__main__":
    main()
