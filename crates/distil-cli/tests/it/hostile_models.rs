//! Model folders with right checksums and wrong contents: each is refused with a reason, before anything is made of it.

use std::fs;

use distil::weights::{Array, Weights, from_safetensors, sha256, to_safetensors};

use crate::harness::{Ended, Place};
use crate::models::{model, trained};

/// A copy of a trained model's folder, its card and weights changed, every checksum right.
fn forged(card: impl Fn(String) -> String, change: impl Fn(&mut Weights)) -> Place {
    let from = trained();
    let place = Place::new();
    let read = |name: &str| fs::read(format!("{}/{name}", model(&from))).unwrap();
    let old = read("model.safetensors");
    let mut weights = from_safetensors("model".as_ref(), &old).unwrap();
    change(&mut weights);
    let new = to_safetensors(&weights).unwrap();
    let text = String::from_utf8(read("model.json")).unwrap();
    let claim = |bytes: &[u8]| {
        format!(
            "\"bytes\": {},\n      \"sha256\": \"{}\"",
            bytes.len(),
            sha256(bytes)
        )
    };
    let text = card(text.replace(&claim(&old), &claim(&new)));
    let (head, tail) = text.rsplit_once("\"sha256\": \"").unwrap();
    let end = &tail[tail.find('"').unwrap()..];
    let own = sha256(format!("{head}\"sha256\": \"{end}").as_bytes());
    place.write(
        "model/model.json",
        format!("{head}\"sha256\": \"{own}{end}"),
    );
    place.write("model/model.safetensors", new);
    place.write("model/rows.bin", read("rows.bin"));
    place.write("three.csv", fs::read(from.path("three.csv")).unwrap());
    place
}

/// What `predict`, `eval` and `export` say; each refuses, and nothing is written.
fn refused(place: &Place, codes: &[i32]) -> [Ended; 3] {
    let before = place.files();
    let told = [
        &["predict", "model", "three.csv"][..],
        &["eval", "model"],
        &["export", "model", "--to", "safetensors", "-o", "out"],
    ]
    .map(|verb| place.distil(verb));
    for ended in &told {
        assert!(codes.contains(&ended.code), "{ended:?}");
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
    assert_eq!(place.files(), before);
    told
}

fn set(weights: &mut Weights, value: f32) {
    weights.get_mut("head.weight").unwrap().values[3] = value;
}

#[test]
fn a_model_as_it_is_answers() {
    let place = forged(|card| card, |_| {});
    assert_eq!(place.distil(&["predict", "model", "three.csv"]).code, 0);
}

#[test]
fn weights_that_are_no_numbers_or_overflow_answer_nothing() {
    for value in [f32::NAN, f32::INFINITY] {
        let place = forged(|card| card, |weights| set(weights, value));
        for ended in refused(&place, &[2]) {
            assert!(
                ended.stderr.contains("`head.weight` holds"),
                "{}",
                ended.stderr
            );
        }
    }
    let place = forged(
        |card| card,
        |weights| {
            for array in weights.values_mut() {
                array.values.iter_mut().for_each(|x| *x = x.signum() * 1e30);
            }
        },
    );
    for ended in refused(&place, &[2]) {
        assert!(ended.stderr.contains("finite number"), "{}", ended.stderr);
    }
}

#[test]
fn a_card_whose_sizes_do_not_fit_is_refused_before_anything_is_made() {
    let cases: [(&str, &str); 6] = [
        ("\"dropout\": 0.0", "\"dropout\": 5.0"),
        ("      512,\n      128", "      1000000000000,\n      128"),
        (
            "      512,\n      128",
            "      9223372036854775807,\n      9223372036854775807",
        ),
        ("\"inputs\": 64", "\"inputs\": 65"),
        ("\"outputs\": 10", "\"outputs\": 11"),
        (
            "\"view_shape\": [",
            "\"view_shape\": [\n    9223372036854775807,",
        ),
    ];
    for (from, to) in cases {
        let place = forged(
            |card| {
                assert!(card.contains(from), "{from} in {card}");
                card.replace(from, to)
            },
            |_| {},
        );
        refused(&place, &[1]);
    }
}

#[test]
fn weights_of_other_names_or_shapes_are_refused_by_name() {
    let place = forged(
        |card| card,
        |weights| {
            weights.insert("extra".into(), Array::new([1], vec![0.0]));
        },
    );
    assert!(refused(&place, &[1])[0].stderr.contains("`extra`"));
    let place = forged(
        |card| card,
        |weights| {
            weights.remove("head.bias");
        },
    );
    assert!(refused(&place, &[1])[0].stderr.contains("no `head.bias`"));
    let place = forged(
        |card| card,
        |weights| {
            weights.insert("head.bias".into(), Array::new([2, 5], vec![0.0; 10]));
        },
    );
    assert!(
        refused(&place, &[1])[0]
            .stderr
            .contains("`head.bias` has shape [2, 5]")
    );
}
