//! Reference values, read from the files in `testdata/reference/`.

use serde_json::Value;

/// Of scikit-learn and SciPy.
pub const MEASURE: &str = include_str!("../../../../testdata/reference/measure/vectors.json");
/// Of scikit-learn, rows weighted.
pub const WEIGHTED: &str = include_str!("../../../../testdata/reference/measure/weighted.json");
/// Of SciPy and statsmodels.
pub const STATISTICS: &str = include_str!("../../../../testdata/reference/statistics/vectors.json");

/// The cases of one name, of which there must be some.
pub fn cases_of(file: &str, name: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(file).unwrap();
    let cases = vectors[name].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "{name} has cases");
    cases
}

pub fn floats(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap()).collect()
}

pub fn singles(value: &Value) -> Vec<f32> {
    floats(value)
        .into_iter()
        .map(|number| number as f32)
        .collect()
}

pub fn whole(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

pub fn flags(value: &Value) -> Vec<bool> {
    let flags = value.as_array().unwrap().iter();
    flags.map(|flag| flag.as_bool().unwrap()).collect()
}
