//! Sounds from outside: features by name, masks and keyword networks, from a folder of files to an answer.

use serde_json::Value;

use crate::harness::Place;

/// A WAV sound of 16 bits: a tone of this frequency, which begins somewhere.
fn tone(rate: u32, hertz: f64, number: usize) -> Vec<u8> {
    let samples = rate as usize / 2;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 2 * samples as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    for field in [16, 1 | 1 << 16, rate, 2 * rate, 2 | 16 << 16] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend((2 * samples as u32).to_le_bytes());
    let start = number % 7 * samples / 14;
    for i in 0..samples {
        let turns = i as f64 / f64::from(rate) * hertz * (1.0 + number as f64 / 200.0);
        let loud = if (start..start + samples / 2).contains(&i) {
            0.5
        } else {
            0.01
        };
        let value = loud * (turns * std::f64::consts::TAU).sin();
        bytes.extend(((value * 32_000.0) as i16).to_le_bytes());
    }
    bytes
}

/// Trains on tones at this rate by a recipe with these features, and answers a new one of another rate.
fn trained(features: &str, rate: u32) -> (Place, Value) {
    let place = Place::new();
    for number in 0..40 {
        for (class, hertz) in [("high", 1500.0), ("low", 400.0)] {
            place.write(
                &format!("tones/{class}/{number}.wav"),
                tone(rate, hertz, number),
            );
        }
    }
    place.write(
        "tones.toml",
        format!(
            "task = \"classification\"\n\n[data]\nsource = \"sound-folder\"\npath = \"tones\"\nrate = {rate}\nfeatures = {features}\n\
             scale = \"channel\"\naugment = {{ time_shift = 3, frequency_width = 3, time_width = 6 }}\n\n[stage.net]\n\
             model = {{ kind = \"dscnn\", channels = 8, blocks = 2 }}\ntrain = {{ epochs = 24, batch = 8, lr = 1e-2 }}\n"
        ),
    );
    let ran = place.distil(&["run", "./tones.toml", "--no-control", "--quiet"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let model: Value =
        serde_json::from_str(&place.read("runs/tones-0001/model/model.json")).unwrap();
    for (class, hertz) in [("high", 1590.0), ("low", 425.0)] {
        place.write("new.wav", tone(22_050, hertz, 3));
        let answer = place.distil(&["predict", "runs/tones-0001", "new.wav"]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        assert!(
            answer.stderr.contains("resampled from 22050"),
            "{}",
            answer.stderr
        );
        let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
        assert_eq!(answer["answers"][0]["class"], class, "{answer}");
    }
    (place, model)
}

#[test]
fn a_model_of_kaldis_features_reads_raw_sounds_by_them() {
    let (place, model) = trained("\"kaldi\"", 8000);
    let features = &model["source"]["features"];
    assert_eq!(
        *features,
        serde_json::json!({ "kind": "kaldi", "bands": 23, "frames": 98 })
    );
    let measured = place.distil(&["eval", "runs/tones-0001", "tones", "--json"]);
    assert_eq!(measured.code, 0, "{}", measured.stderr);
    let measured: Value = serde_json::from_str(&measured.stdout).unwrap();
    let accuracy = measured["metrics"]["accuracy"].as_f64().unwrap();
    assert!(accuracy >= 0.9, "{measured}");
    let checked = place.distil(&["check", "./tones.toml", "--data"]);
    assert!(
        checked.stdout.contains("Kaldi's filter banks 23 × 98"),
        "{}{}",
        checked.stdout,
        checked.stderr
    );
}

#[test]
fn a_model_of_whispers_features_reads_raw_sounds_by_them() {
    let (_, model) = trained("{ kind = \"whisper\", frames = 50 }", 16_000);
    let features = &model["source"]["features"];
    assert_eq!(
        *features,
        serde_json::json!({ "kind": "whisper", "bands": 80, "frames": 50 })
    );
}
