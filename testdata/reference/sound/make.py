"""Kaldi's and Whisper's features by torchaudio and transformers, in double precision: writes vectors.json beside this file.

Run `python testdata/reference/sound/make.py` with the packages of the versions named in the JSON.

Format of vectors.json
  torch, torchaudio, transformers   versions
  sound   16-bit samples, read as sample / 32768
  cases   [{rate, features, values}]: `features` as recipes have them; values [bands][frames] of the sound's first samples, or of the sound
          with zeros behind it, as many as the frames look at
"""

import json
import pathlib

import numpy as np
import torch
import torchaudio
import transformers
from torchaudio.compliance.kaldi import fbank
from transformers import WhisperFeatureExtractor

CASES = [
    (16000, {"kind": "kaldi", "bands": 23, "frames": 20}),
    (16000, {"kind": "kaldi", "bands": 40, "frames": 12}),
    (8000, {"kind": "kaldi", "bands": 23, "frames": 50}),
    (11025, {"kind": "kaldi", "bands": 30, "frames": 8}),
    (16000, {"kind": "whisper", "bands": 80, "frames": 20}),
    (16000, {"kind": "whisper", "bands": 128, "frames": 30}),
]


def kaldi(sound, rate, bands, frames):
    length = (frames - 1) * (rate // 100) + rate * 25 // 1000
    kept = np.pad(sound, (0, max(length - len(sound), 0)))[:length]
    values = fbank(torch.from_numpy(kept)[None], num_mel_bins=bands, sample_frequency=float(rate))
    assert values.shape == (frames, bands)
    return values.numpy().T


def whisper(sound, bands, frames):
    extractor = WhisperFeatureExtractor(feature_size=bands)
    found = extractor(sound, sampling_rate=16000, max_length=160 * frames, padding="max_length", truncation=True)
    values = np.asarray(found["input_features"][0])
    assert values.shape == (bands, frames)
    return values


def main():
    generator = np.random.default_rng(7)
    time = np.arange(4000) / 16000
    wave = 0.3 * np.sin(2 * np.pi * 440 * time) + 0.2 * np.sin(2 * np.pi * (200 + 9000 * time) * time)
    wave = 0.05 + wave + 0.02 * generator.standard_normal(len(time))
    wave[3000:3500] *= 1e-2
    sound = np.round(wave * 32767).astype(int)
    cases = []
    for rate, features in CASES:
        of = sound / 32768
        sizes = features["bands"], features["frames"]
        values = kaldi(of, rate, *sizes) if features["kind"] == "kaldi" else whisper(of, *sizes)
        rows = [[float(f"{x:.7g}") for x in row] for row in values]
        cases.append({"rate": rate, "features": features, "values": rows})
    versions = {package.__name__: package.__version__ for package in (torch, torchaudio, transformers)}
    text = json.dumps({**versions, "sound": sound.tolist(), "cases": cases})
    (pathlib.Path(__file__).parent / "vectors.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
