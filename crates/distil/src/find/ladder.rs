//! Which candidates are trained for how long: successive halving over budgets of FLOPs, each training with a schedule of its own.

use distil_report::measure::Better;

/// The budgets, as shares of what the dearest candidate costs in full (successive halving: Jamieson & Talwalkar 2016).
/// The first have room for the cheapest alone.
pub const RUNGS: [f64; 6] = [1.0 / 128.0, 1.0 / 32.0, 0.125, 0.25, 0.5, 1.0];

/// How many times as much as last time a longer training may bring, per doubling of its length, before a candidate is given up.
const OPTIMISM: f64 = 2.0;

/// The same at least, for what is counted on.
const PESSIMISM: f64 = 1.0 / 8.0;

/// The share of its loss at half the length or less above which a candidate may be given up.
const FALLS: f64 = 0.8;

/// What a candidate costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// FLOPs of everything but its last stage.
    pub before: f64,
    /// FLOPs of an epoch of its last stage.
    pub epoch: f64,
    /// Epochs that it is trained for in full.
    pub epochs: u64,
}

impl Cost {
    /// FLOPs of so many epochs.
    pub fn of(&self, epochs: u64) -> f64 {
        self.before + self.epoch * epochs as f64
    }

    /// The epochs that a budget has room for, at most all; none where it has no room for one.
    pub fn within(&self, flops: f64) -> Option<u64> {
        let room = ((flops - self.before) / self.epoch * (1.0 + 1e-9)).floor();
        (room >= 1.0).then(|| (room as u64).min(self.epochs))
    }
}

/// One training of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Its place among the candidates.
    pub candidate: usize,
    /// Epochs of its last stage.
    pub epochs: u64,
}

/// What one came to on the validation part.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Which.
    pub probe: Probe,
    /// The loss, or the metric nearest to it; infinite where it diverged.
    pub loss: f64,
    /// The metric of the goal.
    pub value: f64,
}

/// FLOPs of a rung.
pub fn budget(costs: &[Cost], rung: f64) -> f64 {
    let most = costs.iter().map(|cost| cost.of(cost.epochs));
    rung * most.fold(0.0, f64::max) * (1.0 + 1e-9)
}

/// The trainings of a rung: of every candidate that is left, where the budget has room for a length that it has not had.
pub fn probes(costs: &[Cost], left: &[usize], rung: f64, seen: &[Seen]) -> Vec<Probe> {
    let budget = budget(costs, rung);
    let probe = |candidate: &usize| {
        let epochs = costs[*candidate].within(budget)?;
        let probe = Probe {
            candidate: *candidate,
            epochs,
        };
        seen.iter().all(|seen| seen.probe != probe).then_some(probe)
    };
    left.iter().filter_map(probe).collect()
}

/// A candidate's training that was the last.
pub fn last(seen: &[Seen], candidate: usize) -> Option<&Seen> {
    seen.iter().rfind(|seen| seen.probe.candidate == candidate)
}

/// The candidates that go on to the next rung: of those that could be trained for longer the better half by loss, at least two, as what
/// leads at a shorter length need not lead in full; those that had no room yet go on. Ties go to the one that is named first.
pub fn left(costs: &[Cost], before: &[usize], seen: &[Seen]) -> Vec<usize> {
    let of = |candidate: usize| last(seen, candidate);
    let (tried, untried): (Vec<usize>, Vec<usize>) = before
        .iter()
        .partition(|candidate| of(**candidate).is_some());
    let loss = |candidate: &usize| of(*candidate).map_or(f64::INFINITY, |seen| seen.loss);
    let mut longer: Vec<usize> = tried
        .iter()
        .copied()
        .filter(|c| of(*c).is_some_and(|s| s.probe.epochs < costs[*c].epochs && s.loss.is_finite()))
        .collect();
    longer.sort_by(|a, b| loss(a).total_cmp(&loss(b)).then(a.cmp(b)));
    longer.truncate(longer.len().div_ceil(2).max(2));
    longer.extend(untried);
    longer.sort_unstable();
    longer
}

/// A candidate's last training, and what a doubling of its length brought since one at most half as long, by the goal's metric. None before
/// it had two such lengths, and none while its loss falls by a fifth or more, which a share of few samples may not show yet.
fn per_doubling(seen: &[Seen], candidate: usize) -> Option<(&Seen, f64)> {
    let own = seen
        .iter()
        .filter(|seen| seen.probe.candidate == candidate && seen.value.is_finite());
    let last = own.clone().max_by_key(|seen| seen.probe.epochs)?;
    let before = own
        .filter(|seen| 2 * seen.probe.epochs <= last.probe.epochs)
        .max_by_key(|seen| seen.probe.epochs)?;
    let brought = (last.value - before.value) / doublings(before.probe.epochs, last.probe.epochs);
    (last.loss > FALLS * before.loss).then_some((last, brought))
}

fn doublings(from: u64, to: u64) -> f64 {
    (to as f64 / from as f64).log2()
}

/// What a candidate may come to in full, by the metric of the goal, should its last step to a training at least twice as long be anything to
/// go by: per doubling twice what that brought, up or down. Longer trainings mostly bring less and less. None where that says nothing yet.
pub fn most(costs: &[Cost], seen: &[Seen], better: Better, candidate: usize) -> Option<f64> {
    let (last, brought) = per_doubling(seen, candidate)?;
    let to_come = doublings(last.probe.epochs, costs[candidate].epochs);
    Some(last.value + better.advantage(OPTIMISM * brought.abs() * to_come))
}

/// FLOPs of the training with which a candidate may come to the goal, at least and at most: should each doubling bring twice what the
/// last did, up or down, and an eighth of it. Infinite where all its epochs do not. None where its last step says nothing yet.
pub fn reach(
    costs: &[Cost],
    seen: &[Seen],
    better: Better,
    candidate: usize,
    met: impl Fn(f64) -> bool,
) -> Option<[f64; 2]> {
    let (last, brought) = per_doubling(seen, candidate)?;
    let cost = &costs[candidate];
    let at_pace = |pace: f64| {
        let value = |epochs: &u64| {
            let to_come = doublings(last.probe.epochs, *epochs);
            last.value + better.advantage(pace * to_come)
        };
        let reached = (last.probe.epochs..=cost.epochs).find(|epochs| met(value(epochs)));
        reached.map_or(f64::INFINITY, |epochs| cost.of(epochs))
    };
    let up = better.advantage(brought).max(0.0);
    Some([OPTIMISM * brought.abs(), PESSIMISM * up].map(at_pace))
}

/// Of these candidates those that cannot win: even at best they come to the goal at more FLOPs than another at worst.
pub fn dearer(reaches: &[(usize, Option<[f64; 2]>)]) -> Vec<usize> {
    let known = || {
        reaches
            .iter()
            .filter_map(|(one, reach)| Some((*one, (*reach)?)))
    };
    let sure = known()
        .map(|(_, [_, most])| most)
        .fold(f64::INFINITY, f64::min);
    let dearer = known().filter(|(_, [least, _])| *least > sure);
    dearer.map(|(one, _)| one).collect()
}

/// The cheapest probe within a budget whose value will do and that is not among those that were struck out. A dearer one has to wait:
/// what costs less has not been tried yet.
pub fn hit<'a>(
    costs: &[Cost],
    seen: &'a [Seen],
    struck: &[Probe],
    budget: f64,
    will_do: impl Fn(f64) -> bool,
) -> Option<&'a Seen> {
    let cost = |seen: &Seen| costs[seen.probe.candidate].of(seen.probe.epochs);
    let fits =
        |one: &&Seen| will_do(one.value) && cost(one) <= budget && !struck.contains(&one.probe);
    let mut hits: Vec<&Seen> = seen.iter().filter(fits).collect();
    hits.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    hits.first().copied()
}

/// The best by the goal's metric; the cheapest of equals.
pub fn best<'a>(costs: &[Cost], seen: &'a [Seen], better: Better) -> Option<&'a Seen> {
    let cost = |seen: &Seen| costs[seen.probe.candidate].of(seen.probe.epochs);
    let finite = |one: &&Seen| one.loss.is_finite() && one.value.is_finite();
    seen.iter().filter(finite).min_by(|a, b| {
        let worth = |one: &Seen| better.advantage(one.value);
        worth(b)
            .total_cmp(&worth(a))
            .then(cost(a).total_cmp(&cost(b)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs() -> Vec<Cost> {
        // A wide network, one a quarter as dear, one of a hundredth, and one that begins with half of what the wide one costs.
        let cost = |before: f64, epoch: f64| Cost {
            before,
            epoch,
            epochs: 8,
        };
        vec![
            cost(0.0, 100.0),
            cost(0.0, 25.0),
            cost(0.0, 1.0),
            cost(400.0, 100.0),
        ]
    }

    fn seen(candidate: usize, epochs: u64, loss: f64) -> Seen {
        Seen {
            probe: Probe { candidate, epochs },
            loss,
            value: 1.0 - loss,
        }
    }

    #[test]
    fn a_rung_gives_every_candidate_the_same_flops_and_no_length_twice() {
        let costs = costs();
        // The dearest costs 1,200: an eighth has room for 1, 6 and, of the third, all 8 epochs.
        let all: Vec<usize> = (0..4).collect();
        let lengths = |rung: f64, seen: &[Seen]| -> Vec<(usize, u64)> {
            let probes = probes(&costs, &all, rung, seen);
            probes.iter().map(|p| (p.candidate, p.epochs)).collect()
        };
        assert_eq!(lengths(0.125, &[]), [(0, 1), (1, 6), (2, 8)]);
        let had = [seen(0, 1, 0.5), seen(1, 6, 0.4), seen(2, 8, 0.6)];
        assert_eq!(lengths(0.25, &had), [(0, 3), (1, 8)]);
        assert_eq!(lengths(0.5, &had), [(0, 6), (1, 8), (3, 2)]);
        assert_eq!(lengths(1.0, &had), [(0, 8), (1, 8), (3, 8)]);
    }

    #[test]
    fn the_better_half_goes_on_with_those_that_had_no_room_and_without_the_finished() {
        let costs = costs();
        let had = [seen(0, 1, 0.5), seen(1, 6, 0.4), seen(2, 8, 0.1)];
        assert_eq!(left(&costs, &[0, 1, 2, 3], &had), [0, 1, 3]);
        let mut diverged = had.clone();
        diverged[1].loss = f64::INFINITY;
        assert_eq!(left(&costs, &[0, 1, 2, 3], &diverged), [0, 3]);
        // Of five the better three, of three two, and two are never cut.
        let same = vec![costs[0].clone(); 5];
        let losses = [0.3, 0.1, 0.5, 0.2, 0.4];
        let had: Vec<Seen> = (0..5).map(|one| seen(one, 1, losses[one])).collect();
        assert_eq!(left(&same, &[0, 1, 2, 3, 4], &had), [0, 1, 3]);
        assert_eq!(left(&same, &[0, 1, 3], &had), [1, 3]);
        assert_eq!(left(&same, &[1, 3], &had), [1, 3]);
    }

    #[test]
    fn a_candidate_may_come_to_twice_what_a_doubling_brought_last() {
        let costs = costs();
        let with_loss = |epochs: u64, value: f64, loss: f64| Seen {
            loss,
            value,
            ..seen(0, epochs, 0.0)
        };
        let close = |found: Option<f64>, value: f64| (found.unwrap() - value).abs() < 1e-12;
        // From 1 to 4 epochs 0.2 in two doublings; one more brings at most twice 0.1.
        let had = [
            with_loss(4, 0.7, 0.9),
            with_loss(1, 0.5, 1.0),
            seen(1, 1, 0.5),
        ];
        assert!(close(most(&costs, &had, Better::Higher, 0), 0.9));
        assert!(close(most(&costs, &had, Better::Lower, 0), 0.5));
        assert_eq!(most(&costs, &had, Better::Higher, 1), None);
        // Five epochs are not twice four: they are beside one.
        let near = [
            with_loss(4, 0.7, 0.9),
            with_loss(1, 0.5, 1.0),
            with_loss(5, 0.7, 0.9),
        ];
        let brought = 0.2 / 5f64.log2() * 2.0 * 1.6f64.log2();
        assert!(close(most(&costs, &near, Better::Higher, 0), 0.7 + brought));
        // One that fell may rise by as much, and nothing follows from one that diverged.
        let fell = [
            with_loss(4, 0.5, 1.0),
            with_loss(1, 0.7, 1.0),
            with_loss(8, f64::NAN, f64::INFINITY),
        ];
        assert!(close(most(&costs, &fell, Better::Higher, 0), 0.7));
        // In full there is no more to come.
        let full = [with_loss(4, 0.5, 1.0), with_loss(8, 0.6, 1.0)];
        assert!(close(most(&costs, &full, Better::Higher, 0), 0.6));
        // A loss that falls promises more than the share shows.
        let falls = [with_loss(1, 0.1, 2.3), with_loss(4, 0.1, 1.8)];
        assert_eq!(most(&costs, &falls, Better::Higher, 0), None);
    }

    #[test]
    fn where_the_goal_is_reached_is_bounded_by_twice_and_an_eighth_of_what_a_doubling_brought() {
        let costs = costs();
        let of = |candidate: usize, epochs: u64, value: f64| Seen {
            value,
            ..seen(candidate, epochs, 0.5)
        };
        // 0.1 in one doubling, to 0.6 at 2 epochs of 100 FLOPs.
        let had = [of(0, 1, 0.5), of(0, 2, 0.6)];
        let reach = |at: f64| reach(&costs, &had, Better::Higher, 0, |value| value >= at - 1e-12);
        // 0.2 more: one doubling at 0.2, sixteen at 0.0125, which there are not.
        assert_eq!(reach(0.8), Some([400.0, f64::INFINITY]));
        // 0.02 more: 1.6 doublings at 0.0125.
        assert_eq!(reach(0.62), Some([300.0, 700.0]));
        assert_eq!(reach(0.6), Some([200.0, 200.0]));
        assert_eq!(reach(2.0), Some([f64::INFINITY; 2]));
        // One that fell may rise as fast, and need not.
        let fell = [of(0, 1, 0.6), of(0, 2, 0.5)];
        let met = |value: f64| value >= 0.7 - 1e-12;
        let found = super::reach(&costs, &fell, Better::Higher, 0, met);
        assert_eq!(found, Some([400.0, f64::INFINITY]));
        assert_eq!(
            super::reach(&costs, &had[..1], Better::Higher, 0, met),
            None
        );
        // Of a metric of which less is better the same the other way round.
        let less = [of(0, 1, 0.5), of(0, 2, 0.4)];
        let found = super::reach(&costs, &less, Better::Lower, 0, |value| {
            value <= 0.38 + 1e-12
        });
        assert_eq!(found, Some([300.0, 700.0]));

        let between = [
            (0, Some([300.0, 800.0])),
            (1, Some([801.0, f64::INFINITY])),
            (2, None),
            (3, Some([800.0, 900.0])),
        ];
        assert_eq!(dearer(&between), [1]);
        assert!(dearer(&between[1..3]).is_empty());
    }

    #[test]
    fn the_cheapest_that_will_do_is_taken_and_one_that_was_struck_out_is_not() {
        let costs = costs();
        let had = [seen(0, 3, 0.1), seen(1, 8, 0.2), seen(2, 8, 0.6)];
        let will_do = |value: f64| value >= 0.75;
        assert_eq!(hit(&costs, &had, &[], 1e9, will_do), Some(&had[1]));
        assert_eq!(
            hit(&costs, &had, &[had[1].probe.clone()], 1e9, will_do),
            Some(&had[0])
        );
        assert_eq!(hit(&costs, &had, &[], 1e9, |value| value > 0.95), None);
        assert_eq!(best(&costs, &had, Better::Higher), Some(&had[0]));
        // 250 FLOPs are more than 200: what costs less is tried first.
        assert_eq!(hit(&costs, &had, &[], 199.0, will_do), None);
        // Of equals the cheapest, whichever way the metric points.
        let equal: Vec<Seen> = (0..3).map(|one| seen(one, 8, 0.5)).collect();
        for better in [Better::Higher, Better::Lower] {
            assert_eq!(best(&costs, &equal, better), Some(&equal[2]));
        }
    }
}
