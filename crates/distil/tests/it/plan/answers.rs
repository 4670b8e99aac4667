//! Answers from elsewhere: what a plan asks of them.

use std::fs;
use std::path::{Path, PathBuf};

use distil::data::Dataset;
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
pub(super) fn table(number: impl Fn(usize, usize) -> f32) -> Vec<u8> {
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
    planned(text, answers).expect_err("a plan came of it")
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
    assert_snapshot!(refused(TAUGHT, &coarse), @r#"
    error: …/p.npy, row 0: the numbers lie between 0 and 1 and sum to 1.030, so they may be logits or rounded probabilities
     --> recipe.toml:5:11
      |
    5 | answers = "p.npy"
      |           ^^^^^^^
      |
      = help: say which: answers = { file = "…", form = "probabilities" } or form = "logits"
    "#);
    assert_snapshot!(refused(&said("probabilities"), &negative), @r#"
    error: …/p.npy, row 0, column 1: -1 is no probability
     --> recipe.toml:5:20
      |
    5 | answers = { file = "p.npy", form = "probabilities" }
      |                    ^^^^^^^
      |
      = help: correct the file, or say form = "logits"
    "#);
    assert_snapshot!(refused(&said("values"), &sharp), @r#"
    error: …/p.npy: answers of classes or labels are logits or probabilities, not values
     --> recipe.toml:5:20
      |
    5 | answers = { file = "p.npy", form = "values" }
      |                    ^^^^^^^
      |
      = help: remove `form`, or say which of the two they are
    "#);
    let far = table(|_, class| if class == 0 { 0.9 } else { 0.1 });
    assert_snapshot!(refused(&said("probabilities"), &far), @r#"
    error: …/p.npy, row 0: the probabilities sum to 1.800
     --> recipe.toml:5:20
      |
    5 | answers = { file = "p.npy", form = "probabilities" }
      |                    ^^^^^^^
      |
      = help: give every class its probability, or say form = "logits"
    "#);
}

#[test]
fn answers_of_another_shape_or_to_other_rows_are_refused_with_both_numbers() {
    assert_snapshot!(refused(
        TAUGHT,
        &npy(&[1796, 10], (0..17960).map(|x| x as f32))
    ), @r#"
    error: …/p.npy: 1,796 rows of answers, and the data has 1,797 samples
     --> recipe.toml:5:11
      |
    5 | answers = "p.npy"
      |           ^^^^^^^
      |
      = help: save one row for every sample of the data, in its order: those to choose by and to test on, too, but none for rows that the data leaves out; or let a column name the samples, with `id`
    "#);
    assert_snapshot!(refused(
        TAUGHT,
        &npy(&[1797, 9], (0..16173).map(|x| x as f32))
    ), @r#"
    error: …/p.npy: 9 numbers a row, and the data needs 10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
     --> recipe.toml:5:11
      |
    5 | answers = "p.npy"
      |           ^^^^^^^
      |
      = help: save a probability or a logit of every class, in this order (of classes alone: 1 for the class, 0 for the others)
    "#);
    assert_snapshot!(refused(TAUGHT, &npy(&[1797], (0..1797).map(|x| x as f32))), @r#"
    error: …/p.npy: 1 number a row, and the data needs 10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
     --> recipe.toml:5:11
      |
    5 | answers = "p.npy"
      |           ^^^^^^^
      |
      = help: save a probability or a logit of every class, in this order (of classes alone: 1 for the class, 0 for the others)
    "#);
    assert_snapshot!(refused(
        TAUGHT,
        &npy(&[1797, 5, 2], (0..17970).map(|x| x as f32))
    ), @r#"
    error: …/p.npy: shape [1797, 5, 2] is no table of answers
     --> recipe.toml:5:11
      |
    5 | answers = "p.npy"
      |           ^^^^^^^
      |
      = help: save an array `[samples, outputs]`
    "#);
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
    assert_snapshot!(refused(TAUGHT, &nan), @r#"
    error: …/p.npy, row 7, column 2: NaN is not a finite 32-bit number
     --> recipe.toml:5:11
      |
    5 | answers = "p.npy"
      |           ^^^^^^^
      |
      = help: fill it in, or leave all numbers of the row out: it then has no answer; rows and columns count from 0
    "#);
    assert_snapshot!(refused(TAUGHT, b"0.1,0.9\n"), @r#"
    error: …/p.npy: not a whole NumPy file (it does not begin like one)
     --> recipe.toml:5:11
      |
    5 | answers = "p.npy"
      |           ^^^^^^^
      |
      = help: write it again with numpy.save or numpy.savez
    "#);
    assert_snapshot!(refused(&with(TAUGHT, "p.npy", "p.csv"), &table(sure)), @r#"
    error: …/p.csv: there is no such file or folder
     --> recipe.toml:5:11
      |
    5 | answers = "p.csv"
      |           ^^^^^^^
      |
      = help: check the path; a relative path starts at the current folder
    "#);
    assert_snapshot!(refused(&with(TAUGHT, "p.npy", "q.npy"), &table(sure)), @r#"
    error: …/q.npy: there is no such file or folder
     --> recipe.toml:5:11
      |
    5 | answers = "q.npy"
      |           ^^^^^^^
      |
      = help: check the path; a relative path starts at the current folder
    "#);
}

#[test]
fn a_stage_that_has_answers_has_nothing_else() {
    let more = with(
        TAUGHT,
        "answers = \"p.npy\"\n",
        "answers = \"p.npy\"\nmodel = \"mlp\"\nview = { pca = 2 }\nsamples = \"random\"\ntrain = { epochs = 1 }\n",
    );
    assert_snapshot!(refused(&more, &table(sure)), @r#"
    error: stage `trees` has `answers`, it takes no `model`
     --> recipe.toml:4:8
      |
    4 | [stage.trees]
      |        ^^^^^
      |
      = note: answers from elsewhere are known for the samples as they are, and there is no model behind them
      = help: remove `model`, or give it to a stage of its own that learns from `trees`

    error: stage `trees` has `answers`, it takes no `view`
     --> recipe.toml:7:8
      |
    7 | view = { pca = 2 }
      |        ^^^^^^^^^^^
      |
      = note: answers from elsewhere are known for the samples as they are, and there is no model behind them
      = help: remove `view`, or give it to a stage of its own that learns from `trees`

    error: `random` takes either `fraction` or `count`
     --> recipe.toml:8:11
      |
    8 | samples = "random"
      |           ^^^^^^^^

    error: stage `trees` has `answers`, it takes no `samples`
     --> recipe.toml:8:11
      |
    8 | samples = "random"
      |           ^^^^^^^^
      |
      = note: answers from elsewhere are known for the samples as they are, and there is no model behind them
      = help: remove `samples`, or give it to a stage of its own that learns from `trees`

    error: stage `trees` has `answers`, it takes no `train`
     --> recipe.toml:9:9
      |
    9 | train = { epochs = 1 }
      |         ^^^^^^^^^^^^^^
      |
      = note: answers from elsewhere are known for the samples as they are, and there is no model behind them
      = help: remove `train`, or give it to a stage of its own that learns from `trees`
    "#);
}

#[test]
fn nothing_starts_from_answers_is_like_them_or_takes_them_for_the_result() {
    let sure = table(sure);
    assert_snapshot!(refused(&with(TAUGHT, "learn = ", "start = "), &sure), @r#"
    error: `trees` has answers alone, there are no weights to start from
     --> recipe.toml:9:9
      |
    9 | start = "trees"
      |         ^^^^^^^
      |
      = note: answers from elsewhere are known for the samples as they are, and there is no model behind them
      = help: learn = "trees" learns from them; start from a stage with a `model`
    "#);
    assert_snapshot!(refused(&format!("result = \"trees\"\n{TAUGHT}"), &sure), @r#"
    error: the result `trees` has answers alone, so nothing is trained
     --> recipe.toml:1:10
      |
    1 | result = "trees"
      |          ^^^^^^^
      |
      = note: the result is a stage that is trained
    "#);
    let like = format!("{TAUGHT}\n[stage.other]\nlike = \"trees\"\n");
    assert_snapshot!(refused(&format!("result = \"student\"\n{like}"), &sure), @r#"
    error: stage `trees` has answers alone, there is no training to repeat
      --> recipe.toml:13:8
       |
    13 | like = "trees"
       |        ^^^^^^^
       |
       = note: `like` names a stage that is trained
       = help: write learn = "trees" to learn from its answers
    "#);
    let alone = TAUGHT.split_once("[stage.student]").unwrap().0;
    assert_snapshot!(refused(alone, &sure), @r"
    error: every stage is a given model, so nothing is trained
     --> recipe.toml:4:8
      |
    4 | [stage.trees]
      |        ^^^^^
      |
      = note: the result is a stage that is trained
    ");
}

#[test]
fn features_and_varied_or_mixed_samples_are_no_matter_of_answers() {
    let sure = table(sure);
    let features = with(
        TAUGHT,
        "\"trees\"\n",
        "{ from = \"trees\", method = \"fitnet\", layers = { \"hidden.0\" = \"hidden.0\" }, add = 1 }\n",
    );
    assert_snapshot!(refused(&features, &sure), @r#"
    error: `fitnet` compares features, and `trees` has answers alone
     --> recipe.toml:9:18
      |
    9 | learn = { from = "trees", method = "fitnet", layers = { "hidden.0" = "hidden.0" }, add = 1 }
      |                  ^^^^^^^
      |
      = note: answers from elsewhere are known for the samples as they are, and there is no model behind them
      = help: use a method that compares outputs, or learn from a stage with a `model`
    "#);
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
    assert_snapshot!(plan.describe(None), @r"
    recipe: handwritten digits, 8 × 8, built in
    1,168 samples to train on, 270 to choose by, 359 to test on; compared by accuracy

    stage    model         parameters  FLOPs a sample  steps  epochs    share
    trees    answers                                   given
    student  mlp 64-16-10       1,210     5.06 kFLOPs    370      10  100.0 %

    student sees all of a sample, 1,168 samples an epoch in batches of 32; adam, lr 0.001, constant
    student starts from fresh weights
    student learns from trees: kd, 50 % of the loss

    arms: flow, plain
    the flow takes 59.1 MFLOPs; a trial holds 571 KiB in memory beside the program, and 61.2 KiB on disk
    note: `trees` is the answers of another program (p.npy), read as probabilities, for every row sums to 1; what they cost is not known
    note: `trees` errs on 91 % of the training samples, on 89 % of those to choose by
    note: `trees` is further from the truth than the shares of the training part would be as the answer to every sample: are its rows in the order of the data, its columns in that of the names?
    note: of the model behind the answers `trees`, whether it has seen the test rows is not known
    ");
    let idle = with(TAUGHT, "learn = \"trees\"\n", "");
    let plan = planned(&idle, &table(sure)).unwrap();
    let idle = "no stage learns from the answers `trees`";
    assert!(plan.notes.iter().any(|note| note == idle));
    let arms: Vec<_> = plan.arms.iter().map(ToString::to_string).collect();
    assert_eq!(arms, ["flow"]);
}

/// A table of 120 rows, and what scikit-learn's boosted trees answer to them (`testdata/reference/answers.py`).
const TABLE: &str = r#"task = "classification"
data = { source = "csv", path = "table.csv", target = "answer", id = "person" }

[stage.trees]
answers = "p.npy"

[stage.student]
model = { kind = "mlp", hidden = [4] }
learn = "trees"
"#;

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference/answers")
}

/// The recipe with other answers, read beside the reference table or in a folder of its own.
fn read_in(folder: &Path, answers: &str) -> Result<(Dataset, Vec<String>), String> {
    let text = RecipeText::new("recipe.toml", with(TABLE, "\"p.npy\"", answers));
    let read = || {
        let draft = Draft::read(&text, folder, &Arm::Flow)?;
        let data = draft.dataset(draft.read_data()?, None)?;
        let notes = draft.plan(&data)?.notes;
        Ok((data, notes))
    };
    let place = folder.display().to_string();
    read().map_err(|error: distil::error::Error| error.to_string().replace(&place, "…"))
}

fn read(answers: &str) -> (Dataset, Vec<String>) {
    read_in(&reference(), answers).unwrap()
}

#[test]
fn the_same_answers_are_the_same_in_every_kind_of_file_by_order_or_by_id_and_name() {
    let (data, _) = read("\"p.npy\"");
    let outputs = &data.answers["trees"].outputs;
    // The last row of the file that NumPy wrote, most likely class first.
    let bytes = fs::read(reference().join("p.npy")).unwrap();
    let number = |at: usize| f64::from_le_bytes(bytes[128 + 8 * at..][..8].try_into().unwrap());
    let expected: Vec<f32> = (357..360)
        .map(|at| number(at).max(1e-7).ln() as f32)
        .collect();
    assert_eq!(outputs.row(119), expected);

    let others = [
        "{ file = \"p.npz\", array = \"proba\" }",
        "{ file = \"p.parquet\", id = \"person\" }",
        "{ file = \"p.parquet\", id = \"person\", columns = [\"no\", \"perhaps\", \"yes\"] }",
    ];
    for other in others {
        let (found, _) = read(other);
        assert_eq!(&found.answers["trees"].outputs, outputs, "{other}");
        assert_eq!(found.answers["trees"].answered, None);
    }
    // Named otherwise, they are other answers.
    let (found, _) =
        read("{ file = \"p.parquet\", id = \"person\", columns = [\"yes\", \"perhaps\", \"no\"] }");
    assert_ne!(&found.answers["trees"].outputs, outputs);
}

#[test]
fn only_the_samples_that_are_named_have_answers_and_both_are_counted() {
    let (all, _) = read("\"p.npy\"");
    let (some, notes) = read("{ file = \"p.csv\", id = \"person\" }");
    let answered = some.answers["trees"].answered.as_ref().unwrap();
    assert_eq!(answered.iter().filter(|known| **known).count(), 96);
    for (row, known) in answered.iter().enumerate() {
        let (some, all) = (
            &some.answers["trees"].outputs,
            &all.answers["trees"].outputs,
        );
        match *known {
            true => {
                let apart = some
                    .row(row)
                    .iter()
                    .zip(all.row(row))
                    .map(|(a, b)| (a - b).abs());
                assert!(apart.fold(0.0, f32::max) < 1e-6);
            }
            false => assert!(some.row(row).iter().all(|x| *x == 0.0)),
        }
    }
    let train = some.split.train.len();
    let known = some
        .split
        .train
        .iter()
        .filter(|id| answered[id.row()])
        .count();
    assert!(known < train);
    let said = [
        "`trees` is the answers of another program (p.csv), read as probabilities, for every row sums to 1, its columns by name; what they cost is not known".to_owned(),
        format!("`trees` answers {known} of {train} training samples; the others are learnt from their labels alone"),
    ];
    for said in said {
        assert!(notes.contains(&said), "{notes:#?}");
    }
}

#[test]
fn the_index_that_a_data_frame_writes_and_the_class_that_predict_writes_are_no_answers() {
    let folder = tempfile::tempdir().unwrap();
    let table = fs::read_to_string(reference().join("table.csv")).unwrap();
    fs::write(folder.path().join("table.csv"), table).unwrap();
    let read = |head: &str, class: &str, name: fn(&str) -> String| {
        let row = |row: usize| format!("{row},{class}0.25,0.5,0.25\n");
        let names = ["no", "perhaps", "yes"].map(name).join(",");
        let rows: String = (0..120).map(row).collect();
        fs::write(
            folder.path().join("p.csv"),
            format!("{head}{names}\n{rows}"),
        )
        .unwrap();
        let (data, _) = read_in(folder.path(), "\"p.csv\"").unwrap();
        data.answers["trees"].outputs.row(5).to_vec()
    };
    let expected = [0.25_f32.ln(), 0.5_f32.ln(), 0.25_f32.ln()];
    assert_eq!(read(",", "", |name| name.into()), expected);
    assert_eq!(read(",", "", |name| format!("p_{name}")), expected);
    assert_eq!(read("sample,class,", "no,", |name| name.into()), expected);
    // Whatever their order.
    for (names, row) in [
        ("Perhaps,NO,yes ", "0.5,0.25,0.25"),
        ("p_yes,p_perhaps,p_no", "0.25,0.5,0.25"),
    ] {
        let text = format!("{names}\n") + &format!("{row}\n").repeat(120);
        fs::write(folder.path().join("p.csv"), text).unwrap();
        let (data, _) = read_in(folder.path(), "\"p.csv\"").unwrap();
        assert_eq!(data.answers["trees"].outputs.row(5), expected);
    }
    // As a German spreadsheet writes it.
    let text = "no;perhaps;yes\n".to_owned() + &"0,25;0,5;0,25\n".repeat(120);
    fs::write(folder.path().join("p.csv"), text).unwrap();
    let (data, notes) = read_in(folder.path(), "\"p.csv\"").unwrap();
    assert_eq!(data.answers["trees"].outputs.row(5), expected);
    assert!(
        notes.iter().any(|note| note.contains("separated by `;`")),
        "{notes:?}"
    );
    assert_eq!(
        read("sample,class,", "no,", |name| format!("probability {name}")),
        expected
    );
}

#[test]
fn names_that_do_not_fit_are_refused_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let table = fs::read_to_string(reference().join("table.csv")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("table.csv", &table);
    let refused = |answers: &str, text: &str| {
        write("p.csv", text);
        let error = read_in(folder.path(), answers).expect_err("they were read");
        let lines = error
            .lines()
            .filter(|line| line.contains(':') && !line.contains("-->"));
        lines
            .map(|line| line.trim_start_matches([' ', '=', '|']))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let by = "{ file = \"p.csv\", id = \"who\" }";
    assert_snapshot!(refused(by, "person,no,perhaps,yes\np000,1,0,0\n"), @r"
    error: …/p.csv: it has no column `who`
    help: its columns are person, no, perhaps, yes
    ");
    assert_snapshot!(refused(by, "who,no,perhaps,yes\n7,1,0,0\n8,1,0,0\n"), @r"
    error: …/p.csv: none of its `who` is a sample's name: it has for example `7`, the data `p082`
    help: write both the same way
    ");
    assert_snapshot!(refused(by, "who,no,perhaps,yes\np000,1,0,0\np000,0,1,0\n"), @r"
    error: …/p.csv: `who` names `p000` twice
    help: keep one answer for each sample
    ");
    assert_snapshot!(refused(by, "who,no,yes\np000,1,0\n"), @r"
    error: …/p.csv: its column `no` is called like one of no, perhaps, yes, and none like `perhaps`
    help: call the columns as these, or name those that hold the answers, in this order, with `columns`
    ");
    assert_snapshot!(refused(by, "who,no,perhaps,yes\np000,1,,0\np001,1,0,0\n"), @r"
    error: …/p.csv, line 2, column `perhaps`: the cell is empty, and others of its row are not
    help: fill it in, or leave all numbers of the row out: its sample then has no answer
    ");
    assert_snapshot!(refused(by, "who,no,perhaps,yes\np000,,,\nmore,1,0,0\n"), @r"
    error: …/p.csv: it answers no training sample
    help: save the answers to those that a stage is to learn from
    ");
    let text = "{ file = \"p.csv\", id = \"who\", columns = [\"no\", \"perhaps\", \"said\"] }";
    assert_snapshot!(refused(text, "who,no,perhaps,said\np000,1,0,yes\n"), @r"
    error: …/p.csv, line 2, column `said`: `yes` is no number
    help: correct the cell, or name the columns of answers with `columns`
    ");
    assert_snapshot!(refused("{ file = \"p.csv\", array = \"p\" }", "no,perhaps,yes\n1,0,0\n"), @r"
    error: …/p.csv: `array` is of no use for such a file
    help: remove it; `array` is for .npz files, `columns` and `id` for tables, `encoding` for text
    ");
    // Rows of the same name cannot be told apart.
    write("table.csv", &table.replace("p058", "p082"));
    assert_snapshot!(refused(by, "who,no,perhaps,yes\np000,1,0,0\n"), @r"
    error: data: `p082` names row 0 and row 1, counted from 0: answers by name cannot tell them apart
    help: name a column with `data.id` in which every row has a name of its own
    ");
    write("table.csv", &table);
    let order = |swap: bool| {
        let mut rows: Vec<String> = table
            .lines()
            .skip(1)
            .map(|line| format!("{},0.25,0.25,0.5\n", &line[..4]))
            .collect();
        if swap {
            rows.swap(3, 70);
        }
        format!("who,no,perhaps,yes\n{}", rows.concat())
    };
    assert_snapshot!(refused("\"p.csv\"", &order(true)), @r#"
    error: …/p.csv: its column `who` names samples of the data, and not those at its rows' places
    help: say id = "who" beside its name
    "#);
    fs::write(folder.path().join("p.csv"), order(false)).unwrap();
    assert!(read_in(folder.path(), "\"p.csv\"").is_ok());
    assert_snapshot!(refused("\"p.csv\"", &order(false).replace("perhaps", "maybe")), @r"
    error: …/p.csv: its column `no` is called like one of no, perhaps, yes, and none like `perhaps`
    help: call the columns as these, or name those that hold the answers, in this order, with `columns`
    ");
    let hundred = "no,perhaps,yes\n".to_owned() + &"20,30.5,49.5\n".repeat(120);
    assert_snapshot!(refused("\"p.csv\"", &hundred), @r#"
    error: …/p.csv: every row sums to 100 and nothing is below 0: these look like per cent
    help: divide by 100, or say form = "logits" if that is what they are
    "#);
    // One unknown name, blanks and fractions hide no order.
    let unknown = order(true).replace("p082", "none");
    assert_eq!(
        refused("\"p.csv\"", &unknown),
        refused("\"p.csv\"", &order(true))
    );
    let odd = order(false).replace("no,perhaps,yes", "a,b,c");
    assert_snapshot!(refused("\"p.csv\"", &odd), @r#"
    error: …/p.csv: its columns a, b, c are called like none of no, perhaps, yes
    help: if they answer these in this order, say columns = ["a", "b", "c"]
    "#);
    assert_snapshot!(refused("\"p.csv\"", &order(false).replacen("0.25", "-inf", 1)), @r"
    error: …/p.csv, line 2, column `no`: `-inf` is no finite number
    help: correct it, or leave all numbers of the row out: its sample then has no answer
    ");
    // Which some hexadecimal texts and names are read as.
    let hashed = order(false)
        .replace("who,no", "who,hash,no")
        .replace(",0.25,0.25,0.5", ",69e56976,0.25,0.25,0.5");
    write("p.csv", &hashed.replacen("69e56976", "a0b1", 1));
    assert!(read_in(folder.path(), "\"p.csv\"").is_ok());
    let twice = "{ file = \"p.csv\", id = \"who\", columns = [\"who\", \"no\", \"yes\"] }";
    assert_snapshot!(refused(twice, &order(false)), @r"
    error: …/p.csv: `who` names the samples, and is one of the `columns` of answers, too
    help: remove it from `columns`
    ");
    let beyond = "{ file = \"p.csv\", encoding = \"latin\" }";
    assert_snapshot!(refused(beyond, &order(false)), @r"error: `encoding` of answers: `latin` is no encoding that is known here; for instance gb18030, big5, shift_jis, euc-kr, utf-16le, windows-1252");
    // Whole numbers that count from another number than the data's own.
    let whole = |first: usize, form: fn(usize) -> String, head: &str| {
        let rows = (0..120).map(|row| {
            format!(
                "{}{}",
                form(row + first),
                if head.is_empty() {
                    ""
                } else {
                    ",0.25,0.25,0.5\n"
                }
            )
        });
        rows.collect::<Vec<_>>()
    };
    let ids = whole(1, |id| id.to_string(), "");
    let counted: Vec<String> = table
        .lines()
        .skip(1)
        .zip(&ids)
        .map(|(line, id)| format!("{id}{}\n", &line[4..]))
        .collect();
    let head = table.lines().next().unwrap();
    write("table.csv", &format!("{head}\n{}", counted.concat()));
    let answers = |first: usize, form: fn(usize) -> String| {
        format!("who,no,perhaps,yes\n{}", whole(first, form, "who").concat())
    };
    assert_snapshot!(refused(by, &answers(0, |id| id.to_string())), @r"
    error: …/p.csv: not all of its `who` are samples' names, and more would be if they counted from another number by 1: each answer would go to the sample beside its own
    help: let both count from the same number, or leave `id` out if the rows stand in the order of the data
    ");
    let forms: [fn(usize) -> String; 3] = [
        |id| id.to_string(),
        |id| format!("{id}.0"),
        |id| format!(" {id} "),
    ];
    // Some samples only.
    let some = answers(0, |id| id.to_string());
    let some: Vec<&str> = some.lines().take(60).collect();
    assert!(refused(by, &some.join("\n")).contains("to the sample beside its own"));
    // An index that a data frame writes, or a rank, is no name of theirs.
    for (head, first) in [("", 0), ("index", 0), ("rank", 1)] {
        let text = answers(first, |id| ((id * 7) % 120 + 1).to_string());
        write("p.csv", &text.replacen("who", head, 1));
        let (_, notes) = read_in(folder.path(), "\"p.csv\"").unwrap();
        assert!(
            notes.iter().any(|note| note.contains("another program")),
            "{notes:?}"
        );
    }
    for form in forms {
        write("p.csv", &answers(1, form));
        let (data, notes) = read_in(folder.path(), by).unwrap();
        assert_eq!(data.answers["trees"].answered, None, "{notes:?}");
    }
    write("table.csv", &table);
    // A column that is an input names nobody.
    write("p.csv", &order(false));
    let own = TABLE.replace(", id = \"person\"", ", ignore = [\"person\"]");
    let text = RecipeText::new("recipe.toml", with(&own, "\"p.npy\"", by));
    let draft = Draft::read(&text, folder.path(), &Arm::Flow).unwrap();
    let error = draft.read_data().unwrap_err().to_string();
    assert!(error.contains("the data has no names for them"), "{error}");
}

#[test]
fn answers_that_know_training_samples_by_heart_are_named_and_out_of_fold_ones_are_not() {
    let digits = |right: f64, seen: f64| {
        let read = |folder: &Path| {
            let text = RecipeText::new("recipe.toml", TAUGHT.to_owned());
            fs::write(folder.join("p.npy"), table(sure)).unwrap();
            let draft = Draft::read(&text, folder, &Arm::Flow).unwrap();
            draft.dataset(draft.read_data().unwrap(), None).unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        let data = read(folder.path());
        let labels = data.targets.classes().unwrap().to_vec();
        let mut in_training = vec![false; labels.len()];
        data.split
            .train
            .iter()
            .for_each(|id| in_training[id.row()] = true);
        let answers = table(|row, class| {
            let share = if in_training[row] { seen } else { right };
            let wrong = (row * 7919 % 1000) as f64 >= 1000.0 * share;
            let answer = (labels[row] as usize + usize::from(wrong)) % 10;
            f32::from(u8::from(answer == class))
        });
        planned(TAUGHT, &answers).unwrap().notes
    };
    let named = |notes: &[String]| notes.iter().any(|note| note.contains("by heart"));
    assert!(named(&digits(0.9, 0.99)));
    assert!(named(&digits(0.9, 1.0)));
    assert!(!named(&digits(0.9, 0.9)));
    assert!(!named(&digits(0.99, 0.9)));
    // By chance so much better, or hardly.
    assert!(!named(&digits(0.9, 0.92)));
}

#[test]
fn answers_that_no_sample_is_the_better_for_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let rows = (0..120).map(|row| (row, f64::from(row * 37 % 120)));
    let line = |(row, x): (i32, f64)| format!("{row},{x},{}\n", 3.0 * x + 100.0);
    let text: String = rows.clone().map(line).collect();
    fs::write(
        folder.path().join("table.csv"),
        format!("id,x,price\n{text}"),
    )
    .unwrap();
    let said = |answer: &dyn Fn(i32, f64) -> f64| {
        let lines = rows.clone().map(|(row, x)| format!("{}\n", answer(row, x)));
        let text = format!("price\n{}", lines.collect::<String>());
        fs::write(folder.path().join("p.csv"), text).unwrap();
        let recipe = r#"task = "regression"
data = { source = "csv", path = "table.csv", target = "price", id = "id" }
[stage.trees]
answers = "p.csv"
[stage.student]
model = { kind = "mlp", hidden = [4] }
learn = { from = "trees", method = "mse" }
"#;
        let text = RecipeText::new("recipe.toml", recipe.to_owned());
        let draft = Draft::read(&text, folder.path(), &Arm::Flow).unwrap();
        let data = draft.dataset(draft.read_data().unwrap(), None).unwrap();
        let notes = draft.plan(&data).unwrap().notes;
        notes
            .into_iter()
            .filter(|note| note.starts_with("`trees` ") && !note.contains("another program"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let price = |x: f64| 3.0 * x + 100.0;
    assert_snapshot!(said(&|row, x| price(x) + f64::from(row % 3 - 1) * 20.0), @r"`trees` errs by 0.160 of the targets' deviation on training samples, by 0.137 on those to choose by");
    // The labels themselves; another order, another unit, one answer for all.
    assert_snapshot!(said(&|_, x| price(x)), @r"
    `trees` errs by 0.000 of the targets' deviation on training samples, by 0.000 on those to choose by
    `trees` answers what the labels say, for every sample: there is nothing in it to learn that they do not teach. Perhaps a column of the targets was taken for the answers
    ");
    assert_snapshot!(said(&|row, _| price(f64::from((119 - row) * 37 % 120))), @r"
    `trees` errs by 1.220 of the targets' deviation on training samples, by 1.260 on those to choose by
    `trees` is further from the truth than the mean would be as the answer to every sample: are its rows in the order of the data, in the target's own unit?
    ");
    assert_snapshot!(said(&|_, x| price(x) / 1000.0), @r"
    `trees` errs by 2.902 of the targets' deviation on training samples, by 3.011 on those to choose by
    `trees` is further from the truth than the mean would be as the answer to every sample: are its rows in the order of the data, in the target's own unit?
    ");
    // A large mean beside a small deviation, of which 32 bits hold little.
    assert!(said(&|_, x| price(x) * (1.0 + 1e-8)).contains("what the labels say"));
    assert_snapshot!(said(&|_, _| 278.5), @r"
    `trees` errs by 1.000 of the targets' deviation on training samples, by 1.017 on those to choose by
    `trees` gives every training sample the same answer: there is nothing in it to learn
    ");
}

#[test]
fn honest_probabilities_of_something_rare_are_not_accused() {
    let folder = tempfile::tempdir().unwrap();
    // One in fifty, at a place where the probability is four in ten: never more likely than not.
    let rare = |row: i32| row % 20 == 7;
    let set = |row: i32| rare(row) && row % 100 < 40;
    let line = |row: i32| format!("{},{}\n", row % 20, if set(row) { "yes" } else { "no" });
    let table: String = (0..1000).map(line).collect();
    fs::write(
        folder.path().join("table.csv"),
        format!("x,answer\n{table}"),
    )
    .unwrap();
    let said = |p: &dyn Fn(i32) -> f64| {
        let rows = (0..1000).map(|row| format!("{},{}\n", 1.0 - p(row), p(row)));
        let text = format!("no,yes\n{}", rows.collect::<String>());
        fs::write(folder.path().join("p.csv"), text).unwrap();
        let recipe = TABLE.replace(", id = \"person\"", "");
        let recipe = with(&recipe, "\"p.npy\"", "\"p.csv\"");
        let text = RecipeText::new("recipe.toml", recipe);
        let draft = Draft::read(&text, folder.path(), &Arm::Flow).unwrap();
        let data = draft.dataset(draft.read_data().unwrap(), None).unwrap();
        draft.plan(&data).unwrap().notes.join("\n")
    };
    let honest = said(&|row| if rare(row) { 0.4 } else { 0.001 });
    assert!(!honest.contains("further from the truth"), "{honest}");
    let shuffled = said(&|row| if rare(row + 5) { 0.4 } else { 0.001 });
    assert!(shuffled.contains("further from the truth"), "{shuffled}");
}

#[test]
fn a_stated_cost_is_part_of_the_flow_where_somebody_learns_from_the_answers() {
    let of = |answers: &str, taught: &str| {
        let text = with(
            &with(TAUGHT, "\"p.npy\"", answers),
            "learn = \"trees\"\n",
            taught,
        );
        planned(&text, &table(sure)).unwrap().flops()
    };
    let learn = "learn = \"trees\"\n";
    let (free, idle) = (of("\"p.npy\"", learn), of("\"p.npy\"", ""));
    let priced = "{ file = \"p.npy\", seconds = 2, flops = 1e9 }";
    assert_eq!(of(priced, learn), free + 1e9);
    assert_eq!(of(priced, ""), idle);
}
