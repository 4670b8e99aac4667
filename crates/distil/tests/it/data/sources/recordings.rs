use distil::data::source::{FeatureName, Fsdd, LogMel, NamedFeatures, SoundFeatures, Source};
use distil::data::{Part, Raw};
use distil_report::measure::TaskKind;
use insta::assert_snapshot;

use super::{block, folder, labels, say};
use TaskKind::Classification;

fn wav(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    samples
        .iter()
        .for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn fsdd(features: impl Into<SoundFeatures>) -> Fsdd {
    Fsdd {
        features: features.into(),
        ..serde_json::from_value(serde_json::json!({ "path": "" })).unwrap()
    }
}

#[test]
fn log_mel_features_agree_with_their_formula_in_numpy() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!(
        "../../../../../../testdata/reference/logmel/vectors.json"
    ))
    .unwrap();
    let sound: Vec<i16> = serde_json::from_value(vectors["sound"].clone()).unwrap();
    let folder = folder(&[("3_ann_7.wav", &wav(8000, 1, &sound))]);
    for case in vectors["cases"].as_array().unwrap() {
        let mut options = case.clone();
        let expected: Vec<Vec<f32>> =
            serde_json::from_value(options.as_object_mut().unwrap().remove("features").unwrap())
                .unwrap();
        let features: SoundFeatures = serde_json::from_value(options).unwrap();
        let (shape, values) = block(&fsdd(features).read(folder.path(), Classification).unwrap());
        assert_eq!(shape, [expected.len(), expected[0].len()]);
        for (a, b) in values.iter().zip(expected.iter().flatten()) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        let worst = values
            .iter()
            .zip(expected.iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 1e-3 && values.iter().any(|x| *x > -5.0), "{worst}");
    }
}

#[test]
fn kaldis_and_whispers_features_are_those_of_torchaudio_and_transformers() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!(
        "../../../../../../testdata/reference/sound/vectors.json"
    ))
    .unwrap();
    let sound: Vec<i16> = serde_json::from_value(vectors["sound"].clone()).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let rate = case["rate"].as_u64().unwrap() as u32;
        let features: SoundFeatures = serde_json::from_value(case["features"].clone()).unwrap();
        let folder = folder(&[("3_ann_7.wav", &wav(rate, 1, &sound))]);
        let source = Fsdd {
            rate,
            ..fsdd(features)
        };
        let (shape, values) = block(&source.read(folder.path(), Classification).unwrap());
        let expected: Vec<Vec<f32>> = serde_json::from_value(case["values"].clone()).unwrap();
        assert_eq!(shape, [expected.len(), expected[0].len()]);
        for (at, (found, expected)) in values.iter().zip(expected.iter().flatten()).enumerate() {
            let apart = (found - expected).abs();
            assert!(
                apart < 1e-4,
                "{}, {at}: {found}, {expected}",
                case["features"]
            );
        }
    }
}

#[test]
fn features_by_name_that_there_are_none_of_say_why() {
    let sounds = folder(&[("0_ann_0.wav", &wav(8000, 1, &[100; 400]))]);
    let said = |kind: FeatureName, rate: u32, change: fn(&mut NamedFeatures)| {
        let mut features = NamedFeatures::from(kind);
        change(&mut features);
        let features = SoundFeatures::Named(features);
        let source = Fsdd {
            rate,
            ..fsdd(features)
        };
        say(&sounds, source.read(sounds.path(), Classification))
    };
    use FeatureName::{Kaldi, Whisper};
    assert_snapshot!(said(Whisper, 8000, |_| {}), @"data.features: Whisper's features are of 16000 samples per second, not 8000. Write `rate = 16000`: sounds are resampled to it.");
    assert_snapshot!(said(Whisper, 16000, |f| f.bands = 40), @"data.features: Whisper has 80 or 128 bands, not 40. Write `bands = 80` or 128, or log-mel features of your own: `features = { log_mel = …, frames = … }`.");
    assert_snapshot!(said(Whisper, 16000, |f| f.frames = 1), @"data.features: a sound of 1 frame is too short to be mirrored at its ends. Use at least 2 frames.");
    assert_snapshot!(said(Kaldi, 8000, |f| f.bands = 200), @"data.features: band 2 of 200 is narrower than the spectrum's resolution. Use fewer bands or a higher `rate`.");
    assert_snapshot!(said(Kaldi, 50, |_| {}), @"data.features: 50 samples per second leave nothing of frames of 25 ms. Write a higher `rate`.");
    assert_snapshot!(said(Kaldi, 8000, |f| f.frames = 0), @"data.features: bands and frames must be positive. Correct the numbers.");
    let many = said(Kaldi, 8000, |f| f.frames = usize::MAX / 4);
    assert!(
        many.contains("frames of a sound take") && many.ends_with("Use fewer frames."),
        "{many}"
    );
}

#[test]
fn recordings_are_named_by_digit_speaker_and_index() {
    let sound = wav(8000, 1, &[100; 400]);
    let folder = folder(&[
        ("3_bob_7.wav", &sound),
        ("0_ann_lee_4.wav", &sound),
        ("9_ann_lee_5.wav", &sound),
        ("notes.txt", b""),
    ]);
    let raw = fsdd(LogMel::default())
        .read(folder.path(), Classification)
        .unwrap();
    assert_eq!(
        raw.rows.clone().unwrap(),
        ["0_ann_lee_4.wav", "3_bob_7.wav", "9_ann_lee_5.wav"]
    );
    assert_eq!(
        labels(&raw),
        (vec!["0".into(), "3".into(), "9".into()], vec![0, 1, 2])
    );
    assert_eq!(
        (raw.groups[0].members.clone(), raw.groups[0].codes.clone()),
        (vec!["ann_lee".into(), "bob".into()], vec![0, 1, 0])
    );
    assert_eq!(
        raw.official.clone().unwrap(),
        [Part::Test, Part::Train, Part::Train]
    );
    let parent = tempfile::tempdir().unwrap();
    std::fs::rename(folder.path(), parent.path().join("recordings")).unwrap();
    let moved = fsdd(LogMel::default())
        .read(parent.path(), Classification)
        .unwrap();
    let notes = raw.notes.clone();
    assert_eq!((moved.notes.len(), notes.len()), (2, 2));
    assert_eq!(Raw { notes, ..moved }, raw);
    let one = parent.path().join("recordings/3_bob_7.wav");
    assert_eq!(
        labels(
            &fsdd(LogMel::default())
                .read_new(&one, Classification)
                .unwrap()
        )
        .0,
        ["3"]
    );
    let unnamed = parent.path().join("hello.wav");
    std::fs::copy(&one, &unnamed).unwrap();
    assert_eq!(
        fsdd(LogMel::default())
            .read_new(&unnamed, Classification)
            .unwrap()
            .targets,
        None
    );
}

#[test]
fn hostile_recordings_are_refused_with_place_reason_and_remedy() {
    let good = wav(8000, 1, &[100; 400]);
    let only = |name: &str, bytes: &[u8]| {
        let folder = folder(&[("0_ann_0.wav", &good), (name, bytes)]);
        say(
            &folder,
            fsdd(LogMel::default()).read(folder.path(), Classification),
        )
    };
    assert_snapshot!(only("1_ann_0.wav", b""), @"FOLDER/1_ann_0.wav: the file is empty (0 bytes). Fetch or write it again.");
    assert_snapshot!(only("1_ann_0.wav", &good[..30]), @"FOLDER/1_ann_0.wav: not a whole WAV file (its header is cut short). Fetch it again or leave it out.");
    assert_snapshot!(only("1_ann_0.wav", &good[..300]), @"FOLDER/1_ann_0.wav: not a whole WAV file (its header says 800 bytes of sound, and 256 follow). Fetch it again or leave it out.");
    assert_snapshot!(only("1_ann_0.wav", b"this is not a sound file at all"), @"FOLDER/1_ann_0.wav: it begins like none of WAV, FLAC, MP3, Ogg and AIFF. Fetch it again or leave it out.");
    assert_snapshot!(only("1_ann_0.wav", &wav(8000, 1, &[])), @"FOLDER/1_ann_0.wav: there is no sound in it. Fetch it again or leave it out.");
    assert_snapshot!(only("hello.wav", &good), @"FOLDER/hello.wav: the name is not {digit}_{speaker}_{index}.wav. Rename the file or leave it out.");
    let empty = folder(&[("notes.txt", b"")]);
    assert_snapshot!(say(&empty, fsdd(LogMel::default()).read(empty.path(), Classification)), @"FOLDER/: there is no sound file in this folder. Name the folder of recordings, or its parent.");
    assert_snapshot!(say(&empty, fsdd(LogMel::default()).read(&empty.path().join("absent"), Classification)), @"FOLDER/absent/: there is no such file or folder. Check the path; a relative path starts at the current folder.");
    let sounds = folder(&[("0_ann_0.wav", &good)]);
    let features = |features| say(&sounds, fsdd(features).read(sounds.path(), Classification));
    assert_snapshot!(features(LogMel { log_mel: 200, ..LogMel::default() }), @"data.features: band 0 of 200 is narrower than the window's frequency resolution. Use fewer bands or a longer window.");
    assert_snapshot!(features(LogMel { high_hz: Some(5000.0), ..LogMel::default() }), @"data.features: 0 Hz to 5000 Hz is not a range below half the rate, 4000 Hz. Correct `low_hz` and `high_hz`.");
    assert_snapshot!(features(LogMel { frames: 0, ..LogMel::default() }), @"data.features: bands, frames, window and hop must be positive. Correct the numbers.");
}
