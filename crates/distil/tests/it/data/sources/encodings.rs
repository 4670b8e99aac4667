//! Text that is not UTF-8 is named where it is met, and read where its encoding is named.

use distil::data::source::{Csv, Source};
use distil_report::measure::TaskKind::Classification;
use encoding_rs::Encoding;
use insta::assert_snapshot;

use super::{folder, labels, say};

fn csv(target: &str, encoding: Option<&str>) -> Csv {
    let options =
        serde_json::json!({ "path": "table.csv", "target": target, "encoding": encoding });
    serde_json::from_value(options).unwrap()
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    if let Some(order) = encoding.strip_prefix("utf-16") {
        let pairs = text.encode_utf16();
        return match order {
            "be" => pairs.flat_map(u16::to_be_bytes).collect(),
            _ => pairs.flat_map(u16::to_le_bytes).collect(),
        };
    }
    let encoding = Encoding::for_label(encoding.as_bytes()).unwrap();
    let (bytes, _, lost) = encoding.encode(text);
    assert!(!lost, "{text}");
    bytes.into_owned()
}

/// What comes of a table in these bytes: its classes and what was said of it, or the error.
fn read(
    bytes: &[u8],
    target: &str,
    encoding: Option<&str>,
) -> Result<(Vec<String>, Vec<String>), String> {
    let folder = folder(&[("table.csv", bytes)]);
    let source = csv(target, encoding);
    match source.read(folder.path(), Classification) {
        Ok(raw) => Ok((labels(&raw).0, raw.notes)),
        raw => Err(say(&folder, raw)),
    }
}

const HOUSES: &str = "面积,城市,等级\n90,北京,高\n45,上海,低\n120,广州,高\n60,深圳,低\n";
const TOWNS: &str = "größe,stadt,güte\n90,Zürich,hoch\n45,Genève,tief\n";

#[test]
fn the_encoding_of_a_table_that_is_not_utf8_is_named_and_with_it_the_table_is_read() {
    assert_snapshot!(read(&encoded(HOUSES, "gbk"), "等级", None).unwrap_err(), @r#"FOLDER/table.csv, line 1, column 1: `���` is not UTF-8 text, but most likely gb18030: `面积`. Write `encoding = "gb18030"` where the recipe names the file, in [data] or `answers`, or save it as UTF-8."#);
    assert_snapshot!(read(&encoded(TOWNS, "latin1"), "güte", None).unwrap_err(), @r#"FOLDER/table.csv, line 1, column 1: `gr��e` is not UTF-8 text, but most likely windows-1252: `größe`. Write `encoding = "windows-1252"` where the recipe names the file, in [data] or `answers`, or save it as UTF-8."#);
    assert_snapshot!(read(&encoded(HOUSES, "utf-16le"), "等级", None).unwrap_err(), @r#"FOLDER/table.csv: this is not UTF-8 text, but most likely utf-16le. Write `encoding = "utf-16le"` where the recipe names the file, in [data] or `answers`, or save it as UTF-8."#);
    let kinds = [
        ("gb18030", HOUSES, "等级"),
        ("gb18030", "x,y\n1,北京\n2,上海\n", "y"),
        (
            "big5",
            "面積,城市,等級\n90,臺北,優秀\n45,高雄,普通\n",
            "等級",
        ),
        (
            "shift_jis",
            "面積,都市,とうきゅう\n90,とうきょう,たかい\n45,おおさか,ひくい\n",
            "とうきゅう",
        ),
        (
            "euc-kr",
            "면적,도시,등급\n90,서울특별시,높음\n45,부산광역시,낮음\n",
            "등급",
        ),
        (
            "windows-1251",
            "площадь,город,класс\n90,Москва,высокий\n45,Казань,низкий\n",
            "класс",
        ),
        ("windows-1252", TOWNS, "güte"),
        ("utf-16le", HOUSES, "等级"),
        ("utf-16be", HOUSES, "等级"),
        ("utf-16le", "\u{feff}x,y\n1,é\n2,b\n", "y"),
        ("utf-16be", "\u{feff}x,y\n1,é\n2,b\n", "y"),
    ];
    for (encoding, text, target) in kinds {
        let bytes = encoded(text, encoding);
        let refused = read(&bytes, target, None).unwrap_err();
        let remedy = format!("Write `encoding = \"{encoding}\"` where the recipe names the file");
        assert!(refused.contains(&remedy), "{encoding}: {refused}");
        let same = read(text.as_bytes(), target, None);
        assert_eq!(read(&bytes, target, Some(encoding)), same, "{encoding}");
    }
}

#[test]
fn what_is_plainly_utf8_is_read_as_that_whatever_is_named_and_said() {
    let (classes, notes) = read(HOUSES.as_bytes(), "等级", Some("gb18030")).unwrap();
    assert_eq!(classes, ["低", "高"]);
    let said = notes[0].split_once("table.csv").unwrap().1;
    assert_eq!(said, " is UTF-8, not gb18030, and was read as that");
    let (_, notes) = read(TOWNS.as_bytes(), "güte", Some("latin1")).unwrap();
    assert_eq!(notes.len(), 1);
    // Those of GBK that are UTF-8 by chance are not.
    let by_chance: &[u8] = b"x,y\n1,\xc4\xa3\n2,b\n";
    assert!(std::str::from_utf8(by_chance).is_ok());
    assert_eq!(read(by_chance, "y", Some("gbk")).unwrap().0, ["b", "模"]);
}

#[test]
fn what_is_in_no_encoding_is_refused_with_its_line() {
    let broken = b"x,y\n1,a\n2,\xff\xff\n";
    assert_snapshot!(read(broken, "y", Some("gb18030")).unwrap_err(), @"FOLDER/table.csv, line 3: this is not gb18030. Name the file's encoding with `encoding`, or save it as UTF-8.");
    // UTF-8, of which a byte was lost.
    let mut damaged = HOUSES.as_bytes().to_vec();
    damaged.remove(HOUSES.find('深').unwrap());
    assert_snapshot!(read(&damaged, "等级", None).unwrap_err(), @"FOLDER/table.csv, line 5, column `城市`: `��圳` is not UTF-8 text. Save the file as UTF-8.");
    let unknown = serde_json::from_value::<Csv>(
        serde_json::json!({ "path": "a", "target": "b", "encoding": "gb2313" }),
    );
    assert_snapshot!(unknown.unwrap_err(), @"`gb2313` is no encoding that is known here; for instance gb18030, big5, shift_jis, euc-kr, utf-16le, windows-1252");
}
