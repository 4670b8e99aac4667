//! Sounds as numbers of one channel and rate.

use std::io::Cursor;
use std::path::Path;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error as DecodeError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use crate::data::source::contents::{Reader, content, not_read};
use crate::data::source::guarded::guarded;
use crate::data::source::limits::Limits;
use crate::data::source::riff::{Codec, Wave};
use crate::error::{Error, Result};

/// A sound of one channel.
#[derive(Debug)]
pub struct Sound {
    /// From −1 to 1, at the rate that was asked for.
    pub samples: Vec<f32>,
    /// Samples per second of the file, if it had to be resampled.
    pub resampled: Option<u32>,
    /// Channels of the file, if they were mixed down.
    pub mixed: Option<usize>,
}

/// Samples per second of the finest sounds there are. A resampler's buffers are as long as the rates say.
const HIGHEST: u32 = 768_000;

/// The sound of a WAV, FLAC, MP3, Ogg Vorbis or AIFF file at this rate; `path` is for the messages.
pub fn read_sound(path: &Path, bytes: &[u8], rate: u32, limits: Limits) -> Result<Sound> {
    let refuse = |reason: String, remedy: &str| Error::input(path.display(), reason).remedy(remedy);
    let too_high = |rate| format!("{rate} samples per second, where sounds have at most {HIGHEST}");
    if rate > HIGHEST {
        return Err(Error::input("data.rate", too_high(rate)).remedy("Write a lower rate"));
    }
    let found = content(bytes).filter(|content| content.reader == Reader::Sound);
    let Some(found) = found else {
        let (reason, remedy) = not_read(bytes, "WAV, FLAC, MP3, Ogg and AIFF");
        return Err(refuse(reason, remedy));
    };
    let (_, name) = found.name.split_once(' ').unwrap_or_default();
    let kind = name.trim_end_matches(" sound");
    let broken = |why: String| {
        let why = why.trim_end_matches('.').to_string();
        refuse(
            format!("not a whole {kind} file ({why})"),
            "Fetch it again or leave it out",
        )
    };
    let decode = || match kind {
        "WAV" => wav(bytes, limits),
        _ => decoded(bytes.to_vec(), kind == "MP3", limits),
    };
    let Decoded {
        samples,
        channels,
        rate: own,
    } = guarded(decode, |why| why).map_err(broken)?;
    if own > HIGHEST {
        return Err(refuse(too_high(own), "Fetch it again or leave it out"));
    }
    if samples.is_empty() {
        return Err(refuse(
            "there is no sound in it".to_string(),
            "Fetch it again or leave it out",
        ));
    }
    if let Some(at) = samples.iter().position(|x| !x.is_finite()) {
        return Err(refuse(
            format!("sample {at} is not a finite number"),
            "Fetch it again or leave it out",
        ));
    }
    let mono = match channels {
        1 => samples,
        _ => {
            let moments = samples.chunks_exact(channels);
            moments
                .map(|moment| moment.iter().sum::<f32>() / channels as f32)
                .collect()
        }
    };
    let samples = match own == rate {
        true => mono,
        false => guarded(|| resampled(&mono, own, rate), |why| why).map_err(broken)?,
    };
    Ok(Sound {
        samples,
        resampled: (own != rate).then_some(own),
        mixed: (channels > 1).then_some(channels),
    })
}

struct Decoded {
    /// Channel by channel of each moment.
    samples: Vec<f32>,
    channels: usize,
    rate: u32,
}

fn wav(bytes: &[u8], limits: Limits) -> std::result::Result<Decoded, String> {
    let wave = Wave::parse(bytes)?;
    if let Some(samples) = wave.samples() {
        return Ok(Decoded {
            samples: samples?,
            channels: wave.channels,
            rate: wave.rate,
        });
    }
    if wave.codec == Codec::Mp3 {
        return decoded(wave.data.to_vec(), true, limits);
    }
    let mut sound = decoded(wave.plain(), false, limits)?;
    // The last block is filled up.
    if let Some(frames) = wave.frames {
        sound
            .samples
            .truncate(frames.saturating_mul(sound.channels));
    }
    Ok(sound)
}

/// What symphonia makes of a file. `forgiving`: between packets there may be anything, as in MP3 streams.
fn decoded(
    bytes: Vec<u8>,
    forgiving: bool,
    limits: Limits,
) -> std::result::Result<Decoded, String> {
    let said = |error: DecodeError| error.to_string();
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut hint = Hint::new();
    if forgiving {
        hint.with_extension("mp3");
    }
    let mut format = symphonia::default::get_probe()
        .probe(
            &hint,
            stream,
            FormatOptions::default(),
            MetadataOptions::default(),
        )
        .map_err(said)?;
    let track = format
        .default_track(TrackType::Audio)
        .ok_or("there is no sound in it")?;
    let (id, frames) = (track.id, track.num_frames);
    let parameters = track.codec_params.as_ref();
    let parameters = parameters
        .and_then(|parameters| parameters.audio())
        .ok_or("there is no sound in it")?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(said)?;
    let (mut samples, mut packet_samples) = (Vec::new(), Vec::new());
    let mut form: Option<(usize, u32)> = None;
    while let Some(packet) = format.next_packet().map_err(said)? {
        if packet.track_id != id {
            continue;
        }
        let sound = match decoder.decode(&packet) {
            Ok(sound) => sound,
            Err(DecodeError::DecodeError(_)) if forgiving => continue,
            Err(error) => return Err(said(error)),
        };
        let (channels, rate) = (sound.spec().channels().count(), sound.spec().rate());
        if *form.get_or_insert((channels, rate)) != (channels, rate) {
            return Err("channels or rate change in the middle".into());
        }
        sound.copy_to_vec_interleaved(&mut packet_samples);
        samples.extend_from_slice(&packet_samples);
        limits
            .check_held("", samples.len(), size_of::<f32>())
            .map_err(|error| error.reason)?;
    }
    let (channels, rate) = form.ok_or("there is no sound in it")?;
    if channels == 0 || rate == 0 {
        return Err(format!("{channels} channels at {rate} samples per second"));
    }
    // What is cut off is missed only in the count.
    let there = (samples.len() / channels) as u64;
    match frames.filter(|frames| !forgiving && there < *frames) {
        Some(frames) => Err(format!("{there} of {frames} samples are there")),
        None => Ok(Decoded {
            samples,
            channels,
            rate,
        }),
    }
}

/// Samples the resampler takes at once.
const CHUNK: usize = 1024;

fn resampled(mono: &[f32], from: u32, to: u32) -> std::result::Result<Vec<f32>, String> {
    let mut resampler = Fft::<f32>::new(from as usize, to as usize, CHUNK, 1, FixedSync::Both)
        .map_err(|error| error.to_string())?;
    let input = InterleavedSlice::new(mono, 1, mono.len()).map_err(|error| error.to_string())?;
    let output = resampler
        .process_all(&input, mono.len(), None)
        .map_err(|error| error.to_string())?;
    Ok(output.take_data())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn file(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../testdata/formats/sounds")
            .join(name)
    }

    fn read(name: &str, rate: u32) -> Result<Sound> {
        let bytes = std::fs::read(file(name)).unwrap();
        read_sound(Path::new(name), &bytes, rate, Limits::training(None))
    }

    /// What libsndfile reads.
    fn expected(name: &str) -> Vec<f32> {
        let text = include_str!("../../../../../testdata/formats/expected.json");
        let all: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut found = &all["sounds"][name];
        if let Some(same) = found.as_str() {
            found = &all["sounds"][same];
        }
        serde_json::from_value(found["samples"].clone()).unwrap()
    }

    /// The largest difference over the sound.
    fn difference(name: &str) -> f32 {
        let (ours, theirs) = (read(name, 8000).unwrap().samples, expected(name));
        assert!(ours.len() >= 800, "{name}: {}", ours.len());
        let pairs = ours.iter().zip(&theirs).take(800);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn every_kind_of_wav_file_is_what_libsndfile_reads() {
        for name in [
            "pcm8.wav",
            "pcm16.wav",
            "pcm24.wav",
            "pcm32.wav",
            "float32.wav",
            "float64.wav",
            "mu-law.wav",
            "a-law.wav",
            "extensible.wav",
            "rf64.wav",
            "stereo.wav",
            "odd-list.wav",
            "odd-list-unpadded.wav",
            "list-first.wav",
            "streamed-ffmpeg.wav",
            "streamed-sox.wav",
            "streamed-zero.wav",
            "ima-adpcm.wav",
            "ms-adpcm.wav",
        ] {
            // Decoders of ADPCM round in their own ways.
            let most = if name.contains("adpcm") { 1e-3 } else { 1e-4 };
            let found = difference(name);
            assert!(found < most, "{name}: {found}");
        }
    }

    #[test]
    fn flac_and_aiff_are_exact_and_mp3_and_vorbis_close() {
        for (name, most) in [
            ("flac.flac", 1e-6),
            ("aiff.aiff", 1e-6),
            ("vorbis.ogg", 0.01),
            ("mp3.mp3", 0.05),
        ] {
            let found = difference(name);
            assert!(found < most, "{name}: {found}");
        }
    }

    #[test]
    fn a_sound_of_another_rate_is_resampled_to_the_same_tone() {
        let sound = read("16000.wav", 8000).unwrap();
        assert_eq!(sound.resampled, Some(16_000));
        assert!(
            sound.samples.len().abs_diff(1600) <= 1,
            "{}",
            sound.samples.len()
        );
        // Away from the ends it is the sine that was written.
        for (at, x) in sound.samples.iter().enumerate().take(1400).skip(200) {
            let tone = 0.5 * (std::f32::consts::TAU * 440.0 * at as f32 / 8000.0).sin();
            assert!((x - tone).abs() < 5e-3, "{at}: {x} {tone}");
        }
    }

    #[test]
    fn a_rate_beyond_all_sounds_is_refused_before_it_is_resampled() {
        let mut bytes = std::fs::read(file("extensible.wav")).unwrap();
        bytes[27] = 0x7f;
        let read = |bytes: &[u8], rate| {
            let sound = read_sound(Path::new("a.wav"), bytes, rate, Limits::training(None));
            sound.unwrap_err().to_string()
        };
        assert_eq!(
            read(&bytes, 8000),
            "a.wav: 2130714432 samples per second, where sounds have at most 768000. Fetch it again or leave it out."
        );
        bytes[27] = 0;
        assert_eq!(
            read(&bytes, 4_000_000_000),
            "data.rate: 4000000000 samples per second, where sounds have at most 768000. Write a lower rate."
        );
    }

    #[test]
    fn what_is_no_sound_is_named_by_its_format() {
        let error = read("opus.ogg", 8000).unwrap_err().to_string();
        assert_eq!(
            error,
            "opus.ogg: this is an Opus sound, which is not read here. Convert it, or leave it out."
        );
    }
}
