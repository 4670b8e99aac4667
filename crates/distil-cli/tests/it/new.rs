//! `distil new`.

use crate::harness::Place;

#[test]
fn a_shipped_recipe_is_copied_but_for_the_line_that_is_true_only_where_it_is_shipped() {
    let place = Place::new();
    let ended = place.distil(&["new", "digits"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let shipped = include_str!("../../../../recipes/digits.toml");
    let copied = shipped.split_once('\n').unwrap().1;
    assert_eq!(place.read("digits.toml"), copied);
    insta::assert_snapshot!(ended.stdout, @"digits.toml is yours to change. `distil check digits.toml` shows what it would do, `distil run digits.toml` does it.");
}

#[test]
fn a_path_or_a_folder_may_be_named() {
    let place = Place::new();
    place.write("folder/other", "");
    assert_eq!(place.distil(&["new", "digits", "folder"]).code, 0);
    assert_eq!(place.distil(&["new", "digits", "mine.toml"]).code, 0);
    assert_eq!(
        place.files(),
        ["folder/digits.toml", "folder/other", "mine.toml"]
    );
}

#[test]
fn a_file_that_exists_is_never_overwritten() {
    let place = Place::new();
    place.write("digits.toml", "mine");
    let ended = place.distil(&["new", "digits"]);
    assert_eq!(ended.code, 2);
    assert_eq!(place.read("digits.toml"), "mine");
    insta::assert_snapshot!(ended.stderr, @"error: digits.toml: exists already. Name another path, or remove it first.");
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let ended = Place::new().distil(&["new", "digits", "no/such/recipe.toml"]);
    assert_eq!(ended.code, 2);
    insta::assert_snapshot!(ended.stderr, @"error: no/such/recipe.toml: No such file or directory (os error 2). Check the path.");
}
