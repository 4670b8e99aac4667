"""Tiny files of every format in docs/data.md, and what other programs read from them: writes the files beside this one.

Run `python testdata/formats/make.py` (numpy, Pillow, pyarrow, soundfile; versions are in expected.json). Pictures: 4 × 6 pixels, red rising to the right, green
downwards, as Pillow decodes them. Sounds: 800 samples at 8,000 a second, as libsndfile reads them. Tables: rows of x (a number), c (text) and y (the class).
"""

import io
import json
import os
import struct

import numpy as np
import PIL
import PIL.ImageOps
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile as sf
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
expected = {
    "versions": {"numpy": np.__version__, "Pillow": PIL.__version__, "pyarrow": pa.__version__, "soundfile": sf.__version__},
    "pictures": {},
    "sounds": {},
}


def at(*parts):
    path = os.path.join(HERE, *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


# Pictures.
rows, columns = np.mgrid[0:4, 0:6]
rgb = np.stack([columns * 40, rows * 60, np.full((4, 6), 90)], axis=-1).astype(np.uint8)
picture = Image.fromarray(rgb)


def say(name):
    shown = Image.open(at("pictures", name))
    shown.seek(0)
    expected["pictures"][name] = np.asarray(shown.convert("RGB")).reshape(-1).tolist()


for name, kind, options in [
    ("jpeg.jpg", "JPEG", {"quality": 95, "subsampling": 0}),
    ("jpeg.jfif", "JPEG", {"quality": 95, "subsampling": 0}),
    ("png.png", "PNG", {}),
    ("webp-lossless.webp", "WEBP", {"lossless": True}),
    ("webp.webp", "WEBP", {"quality": 95}),
    ("gif.gif", "GIF", {}),
    ("bmp.bmp", "BMP", {}),
    ("tiff.tiff", "TIFF", {}),
    ("tiff-lzw.tif", "TIFF", {"compression": "tiff_lzw"}),
    ("no-suffix", "PNG", {}),
]:
    picture.save(at("pictures", name), kind, **options)
    say(name)

gifs = [picture.convert("P"), Image.fromarray(255 - rgb).convert("P")]
gifs[0].save(at("pictures", "two-frames.gif"), "GIF", save_all=True, append_images=gifs[1:])
say("two-frames.gif")

grey16 = (columns * 8000 + rows * 900).astype(np.uint16)
Image.fromarray(grey16).save(at("pictures", "16-bit.png"))
expected["pictures"]["16-bit.png"] = np.repeat((grey16 >> 8).reshape(-1), 3).astype(int).tolist()
small = (columns * 100).astype(np.uint16)
Image.fromarray(small).save(at("pictures", "16-bit-dark.png"))

alpha = np.zeros((4, 6, 4), np.uint8)
alpha[..., 3] = np.where(columns > 2, 255, 0)
Image.fromarray(alpha).save(at("pictures", "alpha.png"))
for ground, value in [("white", 255), ("black", 0)]:
    below = Image.new("RGBA", (6, 4), (value,) * 3 + (255,))
    below.alpha_composite(Image.fromarray(alpha))
    expected["pictures"][f"alpha.png on {ground}"] = np.asarray(below.convert("RGB")).reshape(-1).tolist()

for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name, kind, options in [(f"exif-{orientation}.jpg", "JPEG", {"quality": 95, "subsampling": 0}), (f"exif-{orientation}.png", "PNG", {})]:
        picture.save(at("exif", name), kind, exif=exif, **options)
        upright = PIL.ImageOps.exif_transpose(Image.open(at("exif", name)))
        expected["pictures"][name] = np.asarray(upright.convert("RGB")).reshape(-1).tolist()


# Sounds.
time = np.arange(800) / 8000
sound = 0.5 * np.sin(2 * np.pi * 440 * time) + 0.2 * np.sin(2 * np.pi * 1200 * time)


def heard(name):
    read, rate = sf.read(at("sounds", name), always_2d=True)
    expected["sounds"][name] = {"rate": rate, "samples": [round(float(x), 6) for x in read.mean(axis=1)]}


for name, kind, subtype in [
    ("pcm8.wav", "WAV", "PCM_U8"),
    ("pcm16.wav", "WAV", "PCM_16"),
    ("pcm24.wav", "WAV", "PCM_24"),
    ("pcm32.wav", "WAV", "PCM_32"),
    ("float32.wav", "WAV", "FLOAT"),
    ("float64.wav", "WAV", "DOUBLE"),
    ("mu-law.wav", "WAV", "ULAW"),
    ("a-law.wav", "WAV", "ALAW"),
    ("ima-adpcm.wav", "WAV", "IMA_ADPCM"),
    ("ms-adpcm.wav", "WAV", "MS_ADPCM"),
    ("extensible.wav", "WAVEX", "PCM_16"),
    ("rf64.wav", "RF64", "PCM_16"),
    ("flac.flac", "FLAC", "PCM_16"),
    ("aiff.aiff", "AIFF", "PCM_16"),
    ("vorbis.ogg", "OGG", "VORBIS"),
    ("mp3.mp3", "MP3", "MPEG_LAYER_III"),
]:
    sf.write(at("sounds", name), sound, 8000, format=kind, subtype=subtype)
    heard(name)
sf.write(at("sounds", "stereo.wav"), np.stack([sound, -0.5 * sound], axis=1), 8000, subtype="PCM_16")
heard("stereo.wav")
sf.write(at("sounds", "opus.ogg"), sound, 8000, format="OGG", subtype="OPUS")
fine = np.arange(3200) / 16000
sf.write(at("sounds", "16000.wav"), 0.5 * np.sin(2 * np.pi * 440 * fine), 16000, subtype="PCM_16")

plain = open(at("sounds", "pcm16.wav"), "rb").read()
head, data = plain[12:36], plain[44:]
assert plain[36:40] == b"data" and len(data) == 1600


def wav(name, chunks):
    body = b"WAVE" + b"".join(chunks)
    open(at("sounds", name), "wb").write(b"RIFF" + struct.pack("<I", len(body)) + body)
    expected["sounds"][name] = "pcm16.wav"


def chunk(name, content, length=None, pad=True):
    length = len(content) if length is None else length
    return name + struct.pack("<I", length) + content + (b"\0" if pad and len(content) % 2 else b"")


info = chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0")
wav("odd-list.wav", [head, info, chunk(b"data", data)])
wav("odd-list-unpadded.wav", [head, chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0", pad=False), chunk(b"data", data)])
wav("list-first.wav", [info, head, chunk(b"bext", b"x" * 602), chunk(b"data", data), chunk(b"id3 ", b"ID3")])
wav("streamed-ffmpeg.wav", [head, chunk(b"data", data, 0xFFFFFFFF)])
wav("streamed-sox.wav", [head, chunk(b"data", data, 0x7FFFFFDB)])
wav("streamed-zero.wav", [head, chunk(b"data", data, 0)])


# Tables and pictures in parquet files.
def encoded(seed):
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), 20 * seed, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


images = [{"bytes": encoded(row), "path": f"{row}.png"} for row in range(8)]
labels = pa.array([row % 2 for row in range(8)])
for codec in ["none", "snappy", "gzip", "lz4", "brotli", "zstd"]:
    pq.write_table(pa.table({"image": images, "label": labels}), at("parquet", f"{codec}.parquet"), compression=codec)
raw = pa.array([image["bytes"] for image in images], pa.binary())
names = pa.array(["cat", "dog"] * 4)
pq.write_table(pa.table({"id": list(range(8)), "picture": raw, "label": names}), at("parquet", "binary-and-text.parquet"))
pq.write_table(pa.table({"image": images, "label": pa.array([0, 1, 0, None, 0, 1, 0, 1])}), at("parquet", "null-label.parquet"))
pq.write_table(pa.table({"image": images, "label": pa.array([0, 1, 0, 1, 0, -1, 0, 1])}), at("parquet", "marked-label.parquet"))
for part, rows in [("train", range(4)), ("test", range(4, 8))]:
    some = [images[row] for row in rows]
    pq.write_table(pa.table({"image": some, "label": labels.take(list(rows))}), at("parquet-parts", f"{part}-00000-of-00001.parquet"))
for name, rows in [("cat", range(0, 8, 2)), ("dog", range(1, 8, 2))]:
    some = [images[row] for row in rows]
    pq.write_table(pa.table({"image": some}), at("parquet-hive", f"label={name}", "part-0.parquet"))
table = pa.table(
    {
        "x": pa.array([0.5, 1.25, None, -2.0, 3.5, 0.1]),
        "n": pa.array([1, 2, 3, 4, 5, 6], pa.int8()),
        "c": pa.array(["a", "b", "a", None, "b", "a"]),
        "t": pa.array([True, False, True, True, False, False]),
        "day": pa.array([19000, 19001, 19002, 19003, 19004, 19005], pa.date32()),
        "y": pa.array(["p", "q", "p", "q", "p", "q"]),
    }
)
pq.write_table(table, at("parquet", "table.parquet"), compression="zstd")
for row, year in enumerate([2020, 2021]):
    pq.write_table(table.slice(3 * row, 3), at("parquet-table", f"year={year}", "part-0.parquet"))

# Arrays.
np.savez(at("arrays", "channels-first.npz"), inputs=np.arange(4 * 3 * 5 * 7, dtype=np.uint8).reshape(4, 3, 5, 7), labels=np.array([0, 1, 0, 1]))
np.savez(at("arrays", "from-one.npz"), inputs=np.arange(12.0).reshape(6, 2), labels=np.array([1, 2, 1, 2, 1, 2]))
np.savez(at("arrays", "text-labels.npz"), inputs=np.arange(12.0).reshape(6, 2), labels=np.array(["dog", "cat"] * 3))
np.savez(at("arrays", "one-hot.npz"), inputs=np.arange(12.0).reshape(6, 2), labels=np.eye(2)[[0, 1] * 3])
np.savez(
    at("arrays", "keras.npz"),
    x_train=np.arange(12.0).reshape(6, 2),
    y_train=np.array([0, 1] * 3),
    x_test=np.arange(4.0).reshape(2, 2),
    y_test=np.array([0, 1]),
)
np.savez_compressed(
    at("arrays", "medmnist.npz"),
    train_images=np.zeros((4, 5, 5), np.uint8),
    train_labels=np.array([[0], [1], [0], [1]]),
    val_images=np.ones((2, 5, 5), np.uint8),
    val_labels=np.array([[0], [1]]),
    test_images=np.ones((3, 5, 5), np.uint8),
    test_labels=np.array([[0], [1], [1]]),
)

with open(at("expected.json"), "w") as file:
    json.dump(expected, file)
    file.write("\n")
