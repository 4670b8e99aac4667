//! What is computed from sounds: log-mel features of one's own numbers, or features that are known by name.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::source::cut::{Cut, Keep};
use crate::data::source::kaldi::Kaldi;
use crate::data::source::logmel::{Filters, LogMel};
use crate::data::source::whisper::Whisper;
use crate::error::{Error, Result};

/// What is computed from each sound: `{ log_mel = 20, frames = 50 }`, `"kaldi"`, `{ kind = "whisper", frames = 200 }`.
#[derive(Debug, Clone, PartialEq)]
pub enum SoundFeatures {
    /// By their numbers.
    LogMel(LogMel),
    /// By their name.
    Named(NamedFeatures),
}

/// Features by name: `features = "kaldi"` or, to say more of them, `features = { kind = "kaldi", bands = 80, frames = 198 }`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct NamedFeatures {
    /// Whose they are.
    pub kind: FeatureName,
    /// Mel bands: 23 of Kaldi's unless told otherwise; 80 of Whisper's, or 128.
    #[schemars(with = "Option<usize>")]
    pub bands: usize,
    /// Frames, 100 a second: one second, 98 of Kaldi's and 100 of Whisper's, unless told otherwise. Whisper itself takes 3,000.
    #[schemars(with = "Option<usize>")]
    pub frames: usize,
    /// What is kept of a sound longer than the frames: its `start`, its `middle` or its `end`; its start unless told otherwise.
    #[serde(skip_serializing_if = "Keep::is_start")]
    #[schemars(with = "Option<Keep>")]
    pub keep: Keep,
}

/// Features that are known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeatureName {
    /// Kaldi's filter banks by its defaults, as `torchaudio.compliance.kaldi.fbank`: 25 ms frames every 10 ms, preemphasis, Povey's window.
    Kaldi,
    /// Whisper's log-mel spectrogram, of 16,000 samples per second.
    Whisper,
}

impl FeatureName {
    const ALL: [(&str, Self); 2] = [("kaldi", Self::Kaldi), ("whisper", Self::Whisper)];
    const NAMES: [&str; 2] = [Self::ALL[0].0, Self::ALL[1].0];
}

impl From<FeatureName> for NamedFeatures {
    /// A second of them, as they are by default.
    fn from(kind: FeatureName) -> Self {
        let (bands, frames) = match kind {
            FeatureName::Kaldi => (23, 98),
            FeatureName::Whisper => (80, 100),
        };
        Self {
            kind,
            bands,
            frames,
            keep: Keep::Start,
        }
    }
}

impl Default for SoundFeatures {
    fn default() -> Self {
        LogMel::default().into()
    }
}

impl From<LogMel> for SoundFeatures {
    fn from(features: LogMel) -> Self {
        Self::LogMel(features)
    }
}

/// Computes the features of sounds of one rate.
pub struct Extractor {
    how: How,
    cut: Cut,
}

enum How {
    LogMel(Filters),
    Kaldi(Kaldi),
    Whisper(Whisper),
}

impl SoundFeatures {
    /// An extractor for sounds of `rate` samples per second.
    ///
    /// # Errors
    /// Numbers that no such features have, or not at this rate.
    pub fn extractor(&self, rate: u32) -> Result<Extractor> {
        let named = match self {
            Self::LogMel(features) => {
                let (filters, cut) = features.filters(rate)?;
                let how = How::LogMel(filters);
                return Ok(Extractor { how, cut });
            }
            Self::Named(named) => named,
        };
        let NamedFeatures {
            kind,
            bands,
            frames,
            keep,
        } = *named;
        if bands == 0 || frames == 0 {
            return Err(
                Error::input("data.features", "bands and frames must be positive")
                    .remedy("Correct the numbers"),
            );
        }
        let (how, cut) = match kind {
            FeatureName::Kaldi => {
                let kaldi = Kaldi::new(bands, rate)?;
                let cut = kaldi.cut(frames, keep);
                (How::Kaldi(kaldi), cut)
            }
            FeatureName::Whisper => {
                let whisper = Whisper::new(bands, rate)?;
                let cut = whisper.cut(frames, keep)?;
                (How::Whisper(whisper), cut)
            }
        };
        let cut = cut.checked()?;
        Ok(Extractor { how, cut })
    }

    /// What they are, in a few words.
    pub fn describe(&self) -> String {
        let (whose, bands, frames) = match self {
            Self::LogMel(features) => ("log-mel", features.log_mel, features.frames),
            Self::Named(named) => {
                let whose = match named.kind {
                    FeatureName::Kaldi => "Kaldi's filter banks",
                    FeatureName::Whisper => "Whisper's log-mel",
                };
                (whose, named.bands, named.frames)
            }
        };
        format!("{whose} {bands} × {frames}")
    }
}

impl Extractor {
    /// The features of a sound, `[bands, frames]`, row-major.
    pub fn features(&self, sound: &[f32]) -> Result<Vec<f32>> {
        let sound = self.cut.of(sound);
        match &self.how {
            How::LogMel(filters) => filters.features(&sound),
            How::Kaldi(kaldi) => kaldi.features(&sound),
            How::Whisper(whisper) => whisper.features(&sound),
        }
    }

    /// What it looks at.
    pub fn cut(&self) -> &Cut {
        &self.cut
    }
}

impl Serialize for SoundFeatures {
    /// As a table, whatever the recipe wrote.
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::LogMel(features) => features.serialize(serializer),
            Self::Named(named) => named.serialize(serializer),
        }
    }
}

/// All keys that features can have.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    kind: Option<FeatureName>,
    log_mel: Option<usize>,
    bands: Option<usize>,
    frames: Option<usize>,
    window_ms: Option<f64>,
    hop_ms: Option<f64>,
    low_hz: Option<f64>,
    high_hz: Option<f64>,
    keep: Keep,
}

const KEYS: &[&str] = &[
    "kind",
    "log_mel",
    "bands",
    "frames",
    "window_ms",
    "hop_ms",
    "low_hz",
    "high_hz",
    "keep",
];

impl Written {
    /// The features, or why there are none with these keys.
    fn features(self) -> std::result::Result<SoundFeatures, String> {
        let Some(kind) = self.kind else {
            if self.bands.is_some() {
                return Err(
                    "`bands` is of features by name; write `log_mel`, or their `kind` too".into(),
                );
            }
            let usual = LogMel::default();
            return Ok(SoundFeatures::LogMel(LogMel {
                log_mel: self.log_mel.unwrap_or(usual.log_mel),
                frames: self.frames.unwrap_or(usual.frames),
                window_ms: self.window_ms.unwrap_or(usual.window_ms),
                hop_ms: self.hop_ms.unwrap_or(usual.hop_ms),
                low_hz: self.low_hz.unwrap_or(usual.low_hz),
                high_hz: self.high_hz,
                keep: self.keep,
            }));
        };
        if self.log_mel.is_some() {
            return Err("features by name have `bands`, not `log_mel`".into());
        }
        let settled = [
            ("window_ms", self.window_ms),
            ("hop_ms", self.hop_ms),
            ("low_hz", self.low_hz),
            ("high_hz", self.high_hz),
        ];
        if let Some((key, _)) = settled.iter().find(|(_, given)| given.is_some()) {
            return Err(format!(
                "`{key}` is settled by the name; remove it, or write log-mel features without `kind`"
            ));
        }
        let usual = NamedFeatures::from(kind);
        Ok(SoundFeatures::Named(NamedFeatures {
            kind,
            bands: self.bands.unwrap_or(usual.bands),
            frames: self.frames.unwrap_or(usual.frames),
            keep: self.keep,
        }))
    }
}

// By hand, not `untagged`: that buffers the value and loses its place in the recipe.
impl<'de> Deserialize<'de> for SoundFeatures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = SoundFeatures;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a table or one of {}", FeatureName::NAMES.join(", "))
            }

            fn visit_str<E: serde::de::Error>(
                self,
                word: &str,
            ) -> std::result::Result<Self::Value, E> {
                let known = FeatureName::ALL.iter().find(|(name, _)| *name == word);
                match known {
                    Some((_, kind)) => Ok(SoundFeatures::Named((*kind).into())),
                    None => Err(E::unknown_variant(word, &FeatureName::NAMES)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let written = Written::deserialize(MapAccessDeserializer::new(map))?;
                written.features().map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_struct("SoundFeatures", KEYS, Words)
    }
}

impl JsonSchema for SoundFeatures {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SoundFeatures".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Log-mel features by their numbers, or features that are known by name.",
            "anyOf": [
                generator.subschema_for::<FeatureName>(),
                generator.subschema_for::<LogMel>(),
                generator.subschema_for::<NamedFeatures>(),
            ]
        })
    }
}
