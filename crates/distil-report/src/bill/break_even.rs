//! When a small model that is trained once and used for several students has paid for itself.

/// The students for whom a small model must serve until training it and growing them costs no more than training each plainly:
/// the least m with small + m·student ≤ m·plain, all in one unit of cost; `student` is one student's cost with the small
/// model given. None where a student saves nothing, or a cost is not finite.
pub fn break_even(small: f64, student: f64, plain: f64) -> Option<u64> {
    let saving = plain - student;
    let students = small / saving;
    let pays = saving > 0.0 && small >= 0.0 && students.is_finite();
    // Whole multiples that rounding has lifted over their number still are that number.
    pays.then(|| (students * (1.0 - 1e-12)).ceil().max(1.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::break_even;

    #[test]
    fn a_small_model_pays_for_itself_after_as_many_students_as_a_hand_counts() {
        assert_eq!(
            break_even(10.0, 80.0, 100.0),
            Some(1),
            "at once: 90 for 100"
        );
        assert_eq!(
            break_even(50.0, 80.0, 100.0),
            Some(3),
            "290 for 300, but 210 for 200"
        );
        assert_eq!(break_even(0.3, 0.7, 0.8), Some(3), "three tenths are three");
        assert_eq!(break_even(0.0, 80.0, 100.0), Some(1));
        assert_eq!(break_even(10.0, 100.0, 100.0), None);
        assert_eq!(break_even(10.0, 120.0, 100.0), None);
        assert_eq!(break_even(f64::NAN, 80.0, 100.0), None);
    }
}
