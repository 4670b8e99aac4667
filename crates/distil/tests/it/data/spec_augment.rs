//! Masks and shifts of sound against the distribution of Park et al. (2019).

use distil::data::{Augment, Features};
use distil::rng::Seed;
use distil::sample::SampleId;
use distil::weights::Array;
use distil_recipe::recipe::AugmentTable;
use insta::assert_snapshot;

const BANDS: usize = 9;
const FRAMES: usize = 14;
const DRAWS: usize = 20_000;

fn table(change: impl Fn(&mut AugmentTable)) -> AugmentTable {
    let mut table = AugmentTable::default();
    change(&mut table);
    table
}

/// So many sounds of ones, varied: of each the bands that are 0 throughout, and the frames.
fn masked(table: &AugmentTable) -> Vec<[Vec<usize>; 2]> {
    let rule = Augment::new(table, &[BANDS, FRAMES]).unwrap();
    let width = BANDS * FRAMES;
    let ones = Features::from(Array::new([DRAWS, width], vec![1.0; DRAWS * width]));
    let ids: Vec<SampleId> = (0..DRAWS as u32).map(SampleId).collect();
    let varied = ones.varied(&ids, &rule.epoch(Seed(5), 0));
    let sound = |row: usize| {
        let sound = varied.row(row);
        let zero = |band: usize, frame: usize| sound[band * FRAMES + frame] == 0.0;
        let bands = (0..BANDS).filter(|b| (0..FRAMES).all(|f| zero(*b, f)));
        let frames = (0..FRAMES).filter(|f| (0..BANDS).all(|b| zero(b, *f)));
        let [bands, frames]: [Vec<usize>; 2] = [bands.collect(), frames.collect()];
        // Nothing else is touched.
        for band in 0..BANDS {
            for frame in 0..FRAMES {
                let covered = bands.contains(&band) || frames.contains(&frame);
                assert_eq!(
                    sound[band * FRAMES + frame],
                    if covered { 0.0 } else { 1.0 }
                );
            }
        }
        [bands, frames]
    };
    (0..DRAWS).map(sound).collect()
}

/// Asserts that an event of this probability came so often as it may, within four deviations.
fn assert_often(count: usize, probability: f64, what: &str) {
    let expected = probability * DRAWS as f64;
    let deviation = (expected * (1.0 - probability)).sqrt();
    let apart = (count as f64 - expected).abs();
    assert!(
        apart <= 4.0 * deviation,
        "{what}: {count} of {expected:.0} ± {deviation:.0}"
    );
}

/// How likely one mask covers a place: width uniform on 0 … widest, then start uniform on 0 … length − width − 1.
fn covers(place: usize, widest: usize, length: usize) -> f64 {
    let of_width = |width: usize| {
        let starts = (0..length - width).filter(|start| (*start..start + width).contains(&place));
        starts.count() as f64 / (length - width) as f64
    };
    (0..=widest).map(of_width).sum::<f64>() / (widest + 1) as f64
}

#[test]
fn one_mask_has_the_published_widths_and_places() {
    let sounds = masked(&table(|table| {
        table.frequency_width = 4u64.into();
        table.time_width = 6u64.into();
    }));
    for (axis, (widest, length)) in [(4, BANDS), (6, FRAMES)].into_iter().enumerate() {
        let masks = || sounds.iter().map(|sound| &sound[axis]);
        // One stretch, never wider than the widest.
        assert!(masks().all(|mask| mask.windows(2).all(|pair| pair[1] == pair[0] + 1)));
        for width in 0..=length {
            let probability = if width <= widest {
                1.0 / (widest + 1) as f64
            } else {
                0.0
            };
            let count = masks().filter(|mask| mask.len() == width).count();
            assert_often(count, probability, &format!("axis {axis}, width {width}"));
        }
        for place in 0..length {
            let count = masks().filter(|mask| mask.contains(&place)).count();
            let what = format!("axis {axis}, place {place}");
            assert_often(count, covers(place, widest, length), &what);
        }
    }
}

#[test]
fn masks_are_as_many_as_asked_for_and_drawn_one_by_one() {
    let sounds = masked(&table(|table| {
        table.frequency_width = 2u64.into();
        table.frequency_masks = 3u64.into();
        table.time_width = 3u64.into();
        table.time_masks = 2u64.into();
    }));
    for (axis, (widest, length, masks)) in [(2, BANDS, 3), (3, FRAMES, 2)].into_iter().enumerate() {
        for place in 0..length {
            let count = sounds.iter().filter(|sound| sound[axis].contains(&place));
            let missed = (1.0 - covers(place, widest, length)).powi(masks);
            let what = format!("axis {axis}, place {place}");
            assert_often(count.count(), 1.0 - missed, &what);
        }
    }
}

#[test]
fn a_mask_of_time_is_no_wider_than_its_share_of_the_sound() {
    let sounds = masked(&table(|table| {
        table.time_width = 100u64.into();
        table.time_share = 0.25.into();
    }));
    // 3 of 14 frames.
    for width in 0..=FRAMES {
        let count = sounds.iter().filter(|[_, frames]| frames.len() == width);
        let probability = if width <= 3 { 0.25 } else { 0.0 };
        assert_often(count.count(), probability, &format!("width {width}"));
    }
    assert!(sounds.iter().all(|[bands, _]| bands.is_empty()));
}

#[test]
fn a_sound_is_shifted_by_whole_frames_and_its_bands_stay() {
    let rule = table(|table| table.time_shift = 3u64.into());
    let rule = Augment::new(&rule, &[2, FRAMES]).unwrap();
    let numbers: Vec<f32> = (0..2 * FRAMES).map(|i| (i + 1) as f32).collect();
    let sounds: Vec<f32> = (0..DRAWS).flat_map(|_| numbers.clone()).collect();
    let sounds = Features::from(Array::new([DRAWS, 2 * FRAMES], sounds));
    let ids: Vec<SampleId> = (0..DRAWS as u32).map(SampleId).collect();
    let varied = sounds.varied(&ids, &rule.epoch(Seed(5), 0));
    let mut counts = [0; 7];
    for row in 0..DRAWS {
        let sound = varied.row(row);
        let later = (-3..=3).find(|later| {
            (0..2).all(|band| {
                (0..FRAMES as i64).all(|frame| {
                    let from = frame - later;
                    let inside = (0..FRAMES as i64).contains(&from);
                    let was = if inside {
                        numbers[band * FRAMES + from as usize]
                    } else {
                        0.0
                    };
                    sound[band * FRAMES + frame as usize] == was
                })
            })
        });
        counts[(later.unwrap() + 3) as usize] += 1;
    }
    for (at, count) in counts.into_iter().enumerate() {
        assert_often(count, 1.0 / 7.0, &format!("shift {}", at as i64 - 3));
    }
}

#[test]
fn masks_and_shifts_depend_on_seed_epoch_and_sample_alone() {
    let all = table(|table| {
        table.time_shift = 2u64.into();
        table.frequency_width = 4u64.into();
        table.time_width = 6u64.into();
    });
    let rule = Augment::new(&all, &[BANDS, FRAMES]).unwrap();
    let width = BANDS * FRAMES;
    let numbers = (0..20 * width).map(|i| (i % 101 + 1) as f32).collect();
    let sounds = Features::from(Array::new([20, width], numbers));
    let varied = |ids: &[u32], seed, epoch| {
        let ids: Vec<SampleId> = ids.iter().copied().map(SampleId).collect();
        sounds.varied(&ids, &rule.epoch(Seed(seed), epoch))
    };
    let ids: Vec<u32> = (0..20).collect();
    let first = varied(&ids, 1, 3);
    assert_eq!(varied(&ids, 1, 3), first);
    assert_ne!(varied(&ids, 1, 4), first);
    assert_ne!(varied(&ids, 2, 3), first);
    assert_eq!(varied(&[7, 2], 1, 3).row(1), first.row(2));
}

#[test]
fn masks_that_do_not_fit_a_sound_say_why() {
    let refuse = |shape: &[usize], change: &dyn Fn(&mut AugmentTable)| {
        Augment::new(&table(change), shape).unwrap_err().to_string()
    };
    let sound = [20, 50];
    let written = |number: u64| distil_recipe::Spanned::at(0..1, number);
    assert_snapshot!(refuse(&sound, &|t| t.frequency_width = 20u64.into()), @"data.augment.frequency_width: a mask of up to 20 bands can leave nothing of 20. Use a smaller number.");
    assert_snapshot!(refuse(&sound, &|t| t.time_width = 80u64.into()), @"data.augment.time_width: a mask of up to 50 frames can leave nothing of 50. Use a smaller number.");
    assert_snapshot!(refuse(&sound, &|t| t.time_shift = 50u64.into()), @"data.augment.time_shift: `time_shift = 50` leaves nothing of 50 frames. Use a smaller number.");
    assert_snapshot!(refuse(&sound, &|t| t.time_masks = written(2)), @"data.augment.time_masks: `time_masks` is of masks, and none has a width. Write `time_width` too, or remove `time_masks`.");
    assert_snapshot!(refuse(&sound, &|t| { t.time_width = 5u64.into(); t.time_share = 0.01.into() }), @"data.augment.time_share: 0.01 of 50 frames is less than one, so no mask has a width. Use a larger share.");
    assert_snapshot!(refuse(&[64], &|t| t.time_width = 5u64.into()), @"data.augment: a sample of shape [64] has no bands and frames. Remove `augment`, or keep only `mixup` in it.");
}
