"""Log-mel features from their formula, in double precision: writes vectors.json beside this file.

Run `python testdata/reference/logmel/make.py` (numpy only; the version is in the JSON). Independent of the crate that
the library uses: the mel scale and the unit-area triangles are written out here from Slaney's definition (linear to
1 kHz, then logarithmic, 27 steps for a factor of 6.4), as librosa's `filters.mel` documents them.

Format of vectors.json
  numpy   version
  rate    samples per second
  sound   16-bit samples
  cases   [{log_mel, frames, window_ms, hop_ms, low_hz, high_hz, features}]: features is [log_mel][frames]
"""

import json
import pathlib

import numpy as np

RATE = 8000


def hz_to_mel(hz):
    hz = np.asarray(hz, float)
    logarithmic = 15 + 27 * np.log(np.maximum(hz, 1000) / 1000) / np.log(6.4)
    return np.where(hz < 1000, hz * 3 / 200, logarithmic)


def mel_to_hz(mel):
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def filters(bands, window, low, high):
    edges = mel_to_hz(np.linspace(hz_to_mel(low), hz_to_mel(high), bands + 2))
    hz = np.arange(window // 2 + 1) * RATE / window
    rising = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rising, falling), 0, None) * (2 / (edges[2:] - edges[:-2]))[:, None]


def log_mel(sound, log_mel, frames, window_ms, hop_ms, low_hz, high_hz):
    window, hop = round(window_ms * RATE / 1000), round(hop_ms * RATE / 1000)
    padded = np.zeros((frames - 1) * hop + window)
    kept = min(len(sound), len(padded))
    padded[:kept] = sound[:kept]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / (window - 1))
    cut = np.stack([padded[t * hop : t * hop + window] * hann for t in range(frames)])
    power = np.abs(np.fft.rfft(cut)) ** 2
    return np.log(power @ filters(log_mel, window, low_hz, high_hz).T + 1e-6).T


def main():
    time = np.arange(1500) / RATE
    wave = 0.4 * np.sin(2 * np.pi * 440 * time) + 0.2 * np.sin(2 * np.pi * (300 + 6000 * time) * time)
    wave[1100:] *= 1e-3
    sound = np.round(wave * 32767).astype(int)
    cases = [
        dict(log_mel=20, frames=50, window_ms=32, hop_ms=20, low_hz=0, high_hz=4000),
        dict(log_mel=12, frames=4, window_ms=25, hop_ms=10, low_hz=60, high_hz=3500),
    ]
    for case in cases:
        case["features"] = [[float(f"{x:.9g}") for x in row] for row in log_mel(sound / 32768, **case)]
    out = dict(numpy=np.__version__, rate=RATE, sound=sound.tolist(), cases=cases)
    (pathlib.Path(__file__).parent / "vectors.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
