//! Answers from elsewhere: what a plan asks of them.

use std::fs;
use std::path::Path;

use distil::plan::{Arm, Draft, Plan};
use distil_recipe::RecipeText;
use distil_recipe::recipe::AnswersForm;
use insta::assert_snapshot;

use super::with;

const TAUGHT: &str = r#"task = "classification"
data = "digits"

[stage.trees]
answers = "p.npy"

[stage.student]
model = { kind = "mlp", hidden = [16] }
learn = "trees"
"#;

/// A `.npy` file of 32-bit numbers.
fn npy(shape: &[usize], values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    use npyz::WriterBuilder;
    let mut bytes = Vec::new();
    let shape: Vec<u64> = shape.iter().map(|&length| length as u64).collect();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(&mut bytes)
        .begin_nd()
        .unwrap();
    writer.extend(values).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A table of answers to the digits, by row and column.
fn table(number: impl Fn(usize, usize) -> f32) -> Vec<u8> {
    let values = (0..1797 * 10).map(|at| number(at / 10, at % 10));
    npy(&[1797, 10], values)
}

fn sure(row: usize, class: usize) -> f32 {
    f32::from(u8::from(row % 10 == class))
}

fn planned(text: &str, answers: &[u8]) -> Result<Plan, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.npy"), answers).unwrap();
    let place = folder.path().display().to_string();
    let plan = || {
        let text = RecipeText::new("recipe.toml", text.to_owned());
        let draft = Draft::read(&text, Path::new(folder.path()), &Arm::Flow)?;
        let data = draft.dataset(draft.read_data()?, None)?;
        Ok(draft.plan(&data)?)
    };
    plan().map_err(|error: distil::error::Error| error.to_string().replace(&place, "…"))
}

fn refused(text: &str, answers: &[u8]) -> String {
    planned(text, answers).err().expect("a plan came of it")
}

fn form(text: &str, answers: &[u8]) -> AnswersForm {
    planned(text, answers).unwrap().answers["trees"].form
}

#[test]
fn probabilities_are_told_by_rows_that_sum_to_1_and_what_is_said_counts_before_that() {
    use AnswersForm::{Logits, Probabilities};
    let said = |word: &str| {
        let said = format!("{{ file = \"p.npy\", form = \"{word}\" }}");
        with(TAUGHT, "\"p.npy\"", &said)
    };
    let sharp = table(sure);
    assert_eq!(form(TAUGHT, &sharp), Probabilities);
    // Half precision moves the sum.
    let rounded = table(|row, class| 0.1 + 0.000_4 * sure(row, class));
    assert_eq!(form(TAUGHT, &rounded), Probabilities);
    let negative = table(|row, class| sure(row, class) - 1.0);
    assert_eq!(form(TAUGHT, &negative), Logits);
    assert_eq!(form(&said("logits"), &sharp), Logits);
    let coarse = table(|_, class| if class == 0 { 0.13 } else { 0.1 });
    assert_eq!(form(&said("probabilities"), &coarse), Probabilities);
    assert_snapshot!(refused(TAUGHT, &coarse), @"");
    assert_snapshot!(refused(&said("probabilities"), &negative), @"");
    assert_snapshot!(refused(&said("values"), &sharp), @"");
    let far = table(|_, class| if class == 0 { 0.9 } else { 0.1 });
    assert_snapshot!(refused(&said("probabilities"), &far), @"");
}

#[test]
fn answers_of_another_shape_or_to_other_rows_are_refused_with_both_numbers() {
    assert_snapshot!(refused(
        TAUGHT,
        &npy(&[1796, 10], (0..17960).map(|x| x as f32))
    ), @"");
    assert_snapshot!(refused(
        TAUGHT,
        &npy(&[1797, 9], (0..16173).map(|x| x as f32))
    ), @"");
    assert_snapshot!(refused(TAUGHT, &npy(&[1797], (0..1797).map(|x| x as f32))), @"");
    assert_snapshot!(refused(
        TAUGHT,
        &npy(&[1797, 5, 2], (0..17970).map(|x| x as f32))
    ), @"");
}

#[test]
fn answers_that_are_not_finite_or_no_npy_file_are_refused() {
    let nan = table(|row, class| {
        if (row, class) == (7, 2) {
            f32::NAN
        } else {
            0.1
        }
    });
    assert_snapshot!(refused(TAUGHT, &nan), @"");
    assert_snapshot!(refused(TAUGHT, b"0.1,0.9\n"), @"");
    assert_snapshot!(refused(&with(TAUGHT, "p.npy", "p.csv"), &table(sure)), @"");
    assert_snapshot!(refused(&with(TAUGHT, "p.npy", "q.npy"), &table(sure)), @"");
}

#[test]
fn a_stage_that_has_answers_has_nothing_else() {
    let more = with(
        TAUGHT,
        "answers = \"p.npy\"\n",
        "answers = \"p.npy\"\nmodel = \"mlp\"\nview = { pca = 2 }\nsamples = \"random\"\ntrain = { epochs = 1 }\n",
    );
    assert_snapshot!(refused(&more, &table(sure)), @"");
}

#[test]
fn nothing_starts_from_answers_is_like_them_or_takes_them_for_the_result() {
    let sure = table(sure);
    assert_snapshot!(refused(&with(TAUGHT, "learn = ", "start = "), &sure), @"");
    assert_snapshot!(refused(&format!("result = \"trees\"\n{TAUGHT}"), &sure), @"");
    let like = format!("{TAUGHT}\n[stage.other]\nlike = \"trees\"\n");
    assert_snapshot!(refused(&format!("result = \"student\"\n{like}"), &sure), @"");
    let alone = TAUGHT.split_once("[stage.student]").unwrap().0;
    assert_snapshot!(refused(alone, &sure), @"");
}

#[test]
fn features_and_varied_or_mixed_samples_are_no_matter_of_answers() {
    let sure = table(sure);
    let features = with(
        TAUGHT,
        "\"trees\"\n",
        "{ from = \"trees\", method = \"fitnet\", layers = { \"hidden.0\" = \"hidden.0\" }, add = 1 }\n",
    );
    assert_snapshot!(refused(&features, &sure), @"");
    for augment in ["flip = true", "mixup = 0.2"] {
        let data = format!("[data]\nsource = \"digits\"\naugment = {{ {augment} }}");
        let said = refused(&with(TAUGHT, "data = \"digits\"", &data), &sure);
        assert!(said.contains("`data.augment` varies or mixes the samples, and `trees` has answers to them as they are"), "{said}");
    }
}

#[test]
fn values_are_told_by_the_task() {
    let text = with(
        TAUGHT,
        "\"classification\"\ndata = \"digits\"",
        "\"regression\"\ndata = { source = \"csv\", path = \"t.csv\", target = \"y\" }",
    );
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..40)
        .map(|x| format!("{x},{}\n", 1000 * (x % 7)))
        .collect();
    fs::write(folder.path().join("t.csv"), format!("x,y\n{rows}")).unwrap();
    fs::write(
        folder.path().join("p.npy"),
        npy(&[40], (0..40).map(|x| x as f32)),
    )
    .unwrap();
    let text = with(
        &text,
        "\"trees\"\n",
        "{ from = \"trees\", method = \"mse\" }\n",
    );
    let draft = Draft::read(
        &RecipeText::new("recipe.toml", text),
        folder.path(),
        &Arm::Flow,
    )
    .unwrap();
    let data = draft.dataset(draft.read_data().unwrap(), None).unwrap();
    let scale = data.fitted_targets.scale.clone().unwrap();
    assert_eq!(data.answers["trees"].form, AnswersForm::Values);
    let expected = (f64::from(7.0_f32) - f64::from(scale.mean[0])) / f64::from(scale.std[0]);
    assert_eq!(data.answers["trees"].outputs.row(7), [expected as f32]);
}

#[test]
fn answers_have_their_part_in_the_hash_and_where_they_lie_has_none() {
    let hash = |text: &str, answers: &[u8]| planned(text, answers).unwrap().hash();
    let moved = with(TAUGHT, "p.npy", "./p.npy");
    assert_eq!(hash(TAUGHT, &table(sure)), hash(&moved, &table(sure)));
    let others = table(|row, class| sure(row + 1, class));
    assert_ne!(hash(TAUGHT, &table(sure)), hash(TAUGHT, &others));
    let said = with(
        TAUGHT,
        "\"p.npy\"",
        "{ file = \"p.npy\", form = \"logits\" }",
    );
    assert_ne!(hash(TAUGHT, &table(sure)), hash(&said, &table(sure)));
}

#[test]
fn a_plan_says_how_answers_are_read_and_that_nobody_learns_from_some() {
    let plan = planned(TAUGHT, &table(sure)).unwrap();
    assert_snapshot!(plan.describe(None), @"");
    let idle = with(TAUGHT, "learn = \"trees\"\n", "");
    let plan = planned(&idle, &table(sure)).unwrap();
    let idle = "no stage learns from the answers `trees`";
    assert!(plan.notes.iter().any(|note| note == idle));
    let arms: Vec<_> = plan.arms.iter().map(ToString::to_string).collect();
    assert_eq!(arms, ["flow"]);
}
