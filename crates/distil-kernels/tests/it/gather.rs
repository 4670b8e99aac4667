use distil_kernels::gather;
use proptest::prelude::*;

proptest! {
    #[test]
    fn gathered_rows_are_those_asked_for(
        width in 0..70_usize,
        all in 1..9_usize,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let table: Vec<f32> = (0..all * width).map(|i| i as f32).collect();
        let rows: Vec<usize> = picks.iter().map(|pick| pick.index(all)).collect();
        let expected: Vec<f32> = rows.iter().flat_map(|row| &table[row * width..][..width]).copied().collect();
        prop_assert_eq!(gather(&table, width, rows.into_iter()), expected);
    }
}

#[test]
#[should_panic]
fn a_row_that_the_table_lacks_is_refused() {
    gather(&[0.0; 6], 3, [0, 2].into_iter());
}
