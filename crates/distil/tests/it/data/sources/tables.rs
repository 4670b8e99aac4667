use distil::data::source::{Csv, Source};
use distil::data::{Cells, Inputs, Raw, RawTargets};
use distil_report::measure::TaskKind;
use insta::assert_snapshot;
use tempfile::TempDir;

use super::{folder, labels, say};
use TaskKind::{Classification, MultiLabel, Regression};

fn csv(target: &[&str]) -> Csv {
    let options = serde_json::json!({ "path": "table.csv", "target": target });
    serde_json::from_value(options).unwrap()
}

fn read_csv(text: &str, source: &Csv, kind: TaskKind) -> (TempDir, distil::error::Result<Raw>) {
    let folder = folder(&[("table.csv", text.as_bytes())]);
    let raw = source.read(folder.path(), kind);
    (folder, raw)
}

const TABLE: &str = "\
age,town,rooms,price,kind
31,Bern,,100.5,b
,Rome,3,-2,a
44,NA,4,7e2,b
";

#[test]
fn a_table_is_read_by_column() {
    let source = Csv {
        ignore: vec!["kind".into()],
        ..csv(&["price"])
    };
    let raw = read_csv(TABLE, &source, Regression).1.unwrap();
    let Inputs::Table(columns) = &raw.inputs else {
        panic!()
    };
    assert_eq!(
        columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["age", "town", "rooms"]
    );
    let Cells::Numeric(age) = &columns[0].cells else {
        panic!()
    };
    assert!(age[0] == 31.0 && age[1].is_nan() && age[2] == 44.0);
    assert_eq!(
        columns[1].cells,
        Cells::Categorical {
            levels: vec!["Bern".into(), "Rome".into()],
            codes: vec![Some(0), Some(1), None].into()
        }
    );
    assert_eq!(
        raw.targets,
        Some(RawTargets::Values {
            names: vec!["price".into()],
            values: vec![100.5, -2.0, 700.0]
        })
    );
}

#[test]
fn classes_are_sorted_as_numbers_if_all_are() {
    let read = |text: &str| labels(&read_csv(text, &csv(&["y"]), Classification).1.unwrap());
    assert_eq!(
        read("x,y\n1,10\n2,9\n3,10\n"),
        (vec!["9".into(), "10".into()], vec![1, 0, 1])
    );
    assert_eq!(
        read("x,y\n1,10\n2,b9\n3,10\n"),
        (vec!["10".into(), "b9".into()], vec![0, 1, 0])
    );
}

#[test]
fn several_targets_are_values_or_labels() {
    let text = "x,a,b\n1,0,1\n2,1,1\n";
    let values = read_csv(text, &csv(&["b", "a"]), Regression)
        .1
        .unwrap()
        .targets
        .unwrap();
    assert_eq!(
        values,
        RawTargets::Values {
            names: vec!["b".into(), "a".into()],
            values: vec![1.0, 0.0, 1.0, 1.0]
        }
    );
    let labels = read_csv(text, &csv(&["a", "b"]), MultiLabel)
        .1
        .unwrap()
        .targets
        .unwrap();
    assert_eq!(
        labels,
        RawTargets::Labels {
            names: vec!["a".into(), "b".into()],
            values: vec![0.0, 1.0, 1.0, 1.0]
        }
    );
}

#[test]
fn quotes_tabs_gzip_and_byte_order_marks_are_understood() {
    use std::io::Write;
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all("\u{feff}x\ty\n1\t\"a\nb\"\n2\tc\n".as_bytes())
        .unwrap();
    let folder = folder(&[("table.csv.gz", &zip.finish().unwrap())]);
    let source = Csv {
        path: "table.csv.gz".into(),
        delimiter: '\t',
        ..csv(&["y"])
    };
    assert_eq!(
        labels(&source.read(folder.path(), Classification).unwrap()).0,
        ["a\nb", "c"]
    );
}

#[test]
fn group_columns_are_groups_and_no_inputs() {
    let source = Csv {
        groups: vec!["site".into()],
        ..csv(&["y"])
    };
    let raw = read_csv("x,site,y\n1,b,0\n2,a,1\n3,b,1\n", &source, Classification)
        .1
        .unwrap();
    assert_eq!(
        (raw.groups[0].members.clone(), raw.groups[0].codes.clone()),
        (vec!["a".into(), "b".into()], vec![1, 0, 1])
    );
    assert!(matches!(&raw.inputs, Inputs::Table(columns) if columns.len() == 1));
}

#[test]
fn a_settled_table_reads_new_data_as_it_read_the_old() {
    let source = Csv {
        categorical: vec!["code".into()],
        ..csv(&["y"])
    };
    let text = "code,town,x,y\n1,Bern,5,0\n2,Rome,6,1\n";
    let raw = read_csv(text, &source, Classification).1.unwrap();
    let settled = source.settled(&raw);
    assert_eq!(
        (settled.categorical.clone(), settled.numeric.clone()),
        (vec!["code".into(), "town".into()], vec!["x".into()])
    );
    let new = folder(&[
        ("new.csv", b"x,town,code\n5,17,3\n"),
        ("bad.csv", b"x,town,code\nfive,17,3\n"),
    ]);
    let read = settled
        .read_new(&new.path().join("new.csv"), Classification)
        .unwrap();
    assert_eq!(read.targets, None);
    let Inputs::Table(columns) = &read.inputs else {
        panic!()
    };
    assert!(matches!(&columns[1].cells, Cells::Categorical { levels, .. } if levels == &["17"]));
    assert_snapshot!(say(&new, settled.read_new(&new.path().join("bad.csv"), Classification)), @r#"FOLDER/bad.csv, line 2, column `x`: `five` is not a number. Correct the cell, or declare the column as text with `categorical = ["x"]`."#);
}

#[test]
fn hostile_tables_are_refused_with_place_reason_and_remedy() {
    let say = |text: &str, source: Csv, kind| {
        let (folder, raw) = read_csv(text, &source, kind);
        say(&folder, raw)
    };
    let y = || csv(&["y"]);
    assert_snapshot!(say("rooms,y\n1,2\n2,3\nmany,4\n4,5\n", y(), Regression), @r#"FOLDER/table.csv, line 4, column `rooms`: `many` is not a number. Correct the cell, or declare the column as text with `categorical = ["rooms"]`."#);
    assert_snapshot!(say("x,y\n1,2\ninf,3\n3,3\n", y(), Regression), @r#"FOLDER/table.csv, line 3, column `x`: `inf` is not a number. Correct the cell, or declare the column as text with `categorical = ["x"]`."#);
    assert_snapshot!(say("x,y\n1,2\n2,three\n", y(), Regression), @r#"FOLDER/table.csv, line 3, column `y`: the target `three` is not a number. Correct the cell, or use `task = "classification"` if it is the name of a class."#);
    assert_snapshot!(say("x,y\n1,2\n2,\n", y(), Regression), @"FOLDER/table.csv, line 3, column `y`: the target is missing. Fill it in, leave the row out, or leave out all rows without a target with `drop_unlabelled = true`.");
    assert_snapshot!(say("x,y\n1,0.5\n", y(), MultiLabel), @r#"FOLDER/table.csv, line 2, column `y`: the target `0.5` is not 0 or 1. Correct the cell, or use `task = "classification"` if it is the name of a class."#);
    assert_snapshot!(say("x,y,x\n1,2,3\n", y(), Regression), @"FOLDER/table.csv, line 1, column 3: the header names `x` twice. Give each column its own name.");
    assert_snapshot!(say("x,,y\n1,2,3\n2,2,4\n", y(), Regression), @r#"FOLDER/table.csv, line 1, column 2: the header has no name here. Name every column, or leave out those without a name with `ignore = [""]`."#);
    assert_snapshot!(say("x,y\n1,2\n1,2,3\n", y(), Regression), @"FOLDER/table.csv, line 3: 3 cells, the header has 2. Quote cells that hold the delimiter, or name another one with `delimiter`.");
    assert_snapshot!(say("", y(), Regression), @"FOLDER/table.csv: the file is empty (0 bytes). Fetch or write it again.");
    assert_snapshot!(say("x,y\n", y(), Regression), @"FOLDER/table.csv: there are no rows below the header. Write a header and at least one row.");
    assert_snapshot!(say("y\n1\n", y(), Regression), @"FOLDER/table.csv: no column is left as input. Bring at least one column besides the target.");
    assert_snapshot!(say("x,price\n1,2\n", csv(&["prise"]), Regression), @"FOLDER/table.csv: `target` names the column `prise`, which is not in the header. Perhaps it is `price`.");
    assert_snapshot!(say("x,price\n1,2\n", csv(&["outcome"]), Regression), @"FOLDER/table.csv: `target` names the column `outcome`, which is not in the header. The columns are x, price.");
    assert_snapshot!(say("x,y\n1,2\n", Csv { ignore: vec!["y".into()], ..y() }, Regression), @"data.ignore: the column `y` is named in `target` already. Give each column one role.");
    assert_snapshot!(say("x,y\n1,2\n", csv(&[]), Regression), @"data.target: no column is named. Name the column to predict.");
    assert_snapshot!(say("x,y,z\n1,2,3\n", csv(&["y", "z"]), Classification), @r#"data.target: 2 columns, where one holds the class. Name one column, or use `task = "multi-label"` for several labels."#);
    assert_snapshot!(say("x,y\n1,2\n", Csv { delimiter: 'é', ..y() }, Regression), @r"data.delimiter: `é` is not a single byte. Use `,`, `;` or a tab (`\t`).");
    let many: String = (0..1001).map(|i| format!("name {i},1\n")).collect();
    assert_snapshot!(say(&format!("x,y\n{many}"), y(), Regression), @r#"FOLDER/table.csv, column `x`: its 1,001 different texts are many for categories, more than 1,000. Leave the column out with `ignore = ["x"]`; tables of text are not learned from. If each text is a category all the same: `categorical = ["x"]`."#);
    let declared = || Csv {
        categorical: vec!["x".into()],
        ..y()
    };
    assert!(
        read_csv(&format!("x,y\n{many}"), &declared(), Regression)
            .1
            .is_ok()
    );
    let more: String = (0..20_001).map(|i| format!("name {i},1\n")).collect();
    assert_snapshot!(say(&format!("x,y\n{more}"), declared(), Regression), @r#"FOLDER/table.csv, column `x`: 20,001 different texts are too many for categories (at most 20,000, where `categorical` names the column). Leave the column out with `ignore = ["x"]`."#);
    let latin = folder(&[("table.csv", b"x,y\n1,2\nZ\xfcrich,3\n")]);
    assert_snapshot!(super::say(&latin, y().read(latin.path(), Regression)), @r#"FOLDER/table.csv, line 3, column `x`: `Z�rich` is not UTF-8 text, but most likely windows-1252: `Zürich`. Write `encoding = "windows-1252"` where the recipe names the file, in [data] or `answers`, or save it as UTF-8."#);
    assert_snapshot!(super::say(&latin, Csv { path: "absent.csv".into(), ..y() }.read(latin.path(), Regression)), @"FOLDER/absent.csv: there is no such file or folder. Check the path; a relative path starts at the current folder.");
}

fn numbers(raw: &Raw, column: usize) -> Vec<f32> {
    let Inputs::Table(columns) = &raw.inputs else {
        panic!()
    };
    match &columns[column].cells {
        Cells::Numeric(cells) => cells.to_vec(),
        Cells::Categorical { .. } => panic!("{} holds categories", columns[column].name),
    }
}

#[test]
fn numbers_are_read_however_a_column_writes_them() {
    let read = |text: &str| read_csv(text, &csv(&["y"]), Regression).1.unwrap();
    let raw = read("a;b;y\n0,5;1.234,5;1\n-1,25;2.000,0;2\n");
    assert_eq!((raw.inputs.len(), numbers(&raw, 0)), (2, vec![0.5, -1.25]));
    assert_eq!(numbers(&raw, 1), [1234.5, 2000.0]);
    let raw = read("a,b,c,y\n3%,$-1.5,\"1,234,567\",1\n50%,($2),12,2\n");
    assert_eq!(numbers(&raw, 0), [0.03, 0.5]);
    assert_eq!(numbers(&raw, 1), [-1.5, -2.0]);
    assert_eq!(numbers(&raw, 2), [1_234_567.0, 12.0]);
    assert!(
        raw.notes.iter().any(|note| note.contains("percent")),
        "{:?}",
        raw.notes
    );
}

#[test]
fn a_number_has_the_line_that_an_editor_shows_whatever_ends_lines() {
    for text in [
        "a,y\r\n1,1\r\n\r\n2,2\r\nx,3\r\n4,4\r\n",
        "a,y\n1,1\n\n2,2\nx,3\n4,4\n",
    ] {
        let (folder, raw) = read_csv(text, &csv(&["y"]), Regression);
        let said = say(&folder, raw);
        assert!(said.contains("line 5, column `a`"), "{said}");
    }
}

#[test]
fn a_column_that_numbers_its_rows_without_a_name_is_left_aside_and_names_are_refused() {
    let rows: String = (0..30)
        .map(|i| format!("{i},name {i},{}\n", i % 2))
        .collect();
    let (folder, raw) = read_csv(&format!(",who,y\n{rows}"), &csv(&["y"]), Classification);
    let said = say(&folder, raw);
    assert!(
        said.contains("30 of 30 texts are different") && said.contains("ignore"),
        "{said}"
    );
    let source = Csv {
        ignore: vec!["who".into()],
        ..csv(&["y"])
    };
    let none = read_csv(&format!(",who,y\n{rows}"), &source, Classification).1;
    assert!(none.is_err(), "the index is no input");
}

#[test]
fn usual_markers_are_missing_and_dates_become_numbers() {
    let raw = read_csv(
        "a,d,y\n?,2024-01-01,1\n2,2024-07-01,2\n3,NA,3\n",
        &csv(&["y"]),
        Regression,
    )
    .1
    .unwrap();
    assert!(numbers(&raw, 0)[0].is_nan());
    let days = numbers(&raw, 1);
    assert_eq!(
        (days[0], days[1], days[2].is_nan()),
        (19_723.0, 19_905.0, true)
    );
    let Inputs::Table(columns) = &raw.inputs else {
        panic!()
    };
    assert_eq!(columns.len(), 6);
}

#[test]
fn whole_numbers_are_one_category_however_new_data_writes_them() {
    let source = Csv {
        categorical: vec!["b".into()],
        ..csv(&["y"])
    };
    let raw = read_csv("b,y\n1,0\n2,1\n1.0,0\n", &source, Classification)
        .1
        .unwrap();
    let settled = source.settled(&raw);
    let new = folder(&[("new.csv", b"b\n01\n2.0\n")]);
    let raw = settled
        .read_inputs(&new.path().join("new.csv"), Classification, &[])
        .unwrap();
    let Inputs::Table(columns) = &raw.inputs else {
        panic!()
    };
    assert!(
        matches!(&columns[0].cells, Cells::Categorical { levels, .. } if levels == &["1", "2"])
    );
}
