//! Predictions of digits and house prices.

use distil_report::predictions::{Picture, Predictions, Truth, Worst};

use super::{normal, uniform};

/// Ten digits as 5 × 7 dots, a row a number, the leftmost dot the highest bit.
const GLYPHS: [[u8; 7]; 10] = [
    [14, 17, 19, 21, 25, 17, 14],
    [4, 12, 4, 4, 4, 4, 14],
    [14, 17, 1, 2, 4, 8, 31],
    [31, 2, 4, 2, 1, 17, 14],
    [2, 6, 10, 18, 31, 2, 2],
    [31, 16, 30, 1, 1, 17, 14],
    [6, 8, 16, 30, 17, 17, 14],
    [31, 1, 2, 4, 8, 8, 8],
    [14, 17, 17, 14, 17, 17, 14],
    [14, 17, 17, 15, 1, 2, 12],
];

/// An 8 × 8 grey picture of a digit with smudges.
fn picture(digit: usize, seed: u64) -> Picture {
    let mut pixels = Vec::with_capacity(64);
    for (y, row) in GLYPHS[digit].iter().chain([&0]).enumerate() {
        for x in 0..8usize {
            let inked = (1..6).contains(&x) && row >> (5 - x) & 1 == 1;
            let ink = if inked { 175.0 } else { 12.0 };
            pixels.push((ink + 70.0 * uniform(seed, (y * 8 + x) as u64)) as u8);
        }
    }
    Picture {
        width: 8,
        height: 8,
        channels: 1,
        pixels,
    }
}

/// 360 digits, of which `wrong` are taken for another; the same samples for every arm, and mostly the same mistakes.
pub fn digits(stage: &str, seed: u64, wrong: usize) -> Predictions {
    let confused = [8, 8, 1, 9, 9, 3, 8, 1, 1, 3];
    let mut outputs = Vec::new();
    let mut labels = Vec::new();
    let hard: Vec<usize> = (0..wrong)
        .map(|place| (place * 47 + (place % 5) * seed as usize) % 360)
        .collect();
    for row in 0..360usize {
        let label = row * 7 % 10;
        let mut logits: Vec<f32> = (0..10)
            .map(|class| normal(5, (row * 10 + class) as u64) as f32)
            .collect();
        logits[label] += 8.5;
        if hard.contains(&row) {
            logits[confused[label]] = logits[label] + 0.4 + 3.0 * uniform(6, row as u64) as f32;
        }
        outputs.extend(logits);
        labels.push(label as u32);
    }
    let mut predictions = Predictions {
        stage: stage.into(),
        ids: (1437..1797).collect(),
        names: (0..10).map(|class| class.to_string()).collect(),
        unit: None,
        outputs,
        weights: None,
        truth: Truth::Classes(labels.clone()),
        worst: Vec::new(),
    };
    let losses = predictions.losses().unwrap();
    predictions.worst = predictions
        .worst_rows(12)
        .unwrap()
        .into_iter()
        .map(|row| Worst {
            place: None,
            cells: Vec::new(),
            id: predictions.ids[row],
            truth: labels[row].to_string(),
            prediction: confused[labels[row] as usize].to_string(),
            loss: losses[row],
            picture: Some(picture(labels[row] as usize, row as u64)),
        })
        .collect();
    predictions
}

/// House prices: 400 rows, one target in dollars.
pub fn prices(stage: &str, noise: f64) -> Predictions {
    let truth: Vec<f32> = (0..400)
        .map(|row| (2.1e5 + 9.0e4 * normal(11, row)).clamp(1.5e4, 5.0e5) as f32)
        .collect();
    let outputs: Vec<f32> = truth
        .iter()
        .enumerate()
        .map(|(row, value)| {
            (2.0e5 + 0.9 * (f64::from(*value) - 2.0e5) + noise * normal(12, row as u64)) as f32
        })
        .collect();
    let mut predictions = Predictions {
        stage: stage.into(),
        ids: (0..400).collect(),
        names: vec!["median_house_value".into()],
        unit: Some("$".into()),
        outputs,
        weights: None,
        truth: Truth::Values(truth.clone()),
        worst: Vec::new(),
    };
    let losses = predictions.losses().unwrap();
    predictions.worst = predictions
        .worst_rows(8)
        .unwrap()
        .into_iter()
        .map(|row| Worst {
            place: None,
            cells: Vec::new(),
            id: predictions.ids[row],
            truth: format!("{:.0} k$", truth[row] / 1e3),
            prediction: format!("{:.0} k$", predictions.outputs[row] / 1e3),
            loss: losses[row],
            picture: None,
        })
        .collect();
    predictions
}
