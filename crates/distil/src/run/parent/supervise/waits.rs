//! What a trial waits for, and with which settings it then starts.

use distil_report::TrialId;
use distil_report::compare::{FLOW, PLAIN_FULL, SMALL, TRANSFERRED};
use distil_report::record::arm::{PLAIN_HALVED, PROXY};
use distil_report::run_json::Tuned;

use super::Scheduler;
use crate::error::{Kind, Result};
use crate::plan::{Arm, Tuning};
use crate::run::message::Order;
use crate::run::parent::choices::By;
use crate::run::parent::rungs::Climb;
use crate::run::parent::trials::length_of_plain;

impl Scheduler<'_> {
    /// The order to a trial, with the settings its arm chose and the cost of its flow; none where either is missing.
    pub(super) fn order(&self, trial: &TrialId) -> Result<Option<Order>> {
        let test = self.is_tested(trial);
        let Some(trial) = self.settled(trial) else {
            return Ok(None);
        };
        let mut budget = None;
        if self.waits_for_the_flow(&trial) {
            // Among the settings as written: what an arm may spend does not change when more are tried. Of what the small network
            // chose there is no other flow.
            let each = |tuning: &&Tuning| !tuning.small_chooses;
            let written = self.plan.tuning.as_ref().filter(each);
            let candidates = written.map_or(&self.candidates, |tuning| &tuning.candidates);
            let Some(flow) = self.settled_among(&flow_of(&trial), candidates) else {
                return Ok(None);
            };
            let Some(flow) = self.result(&flow) else {
                return Ok(None);
            };
            if Arm::named(&trial.arm).costs_as_the_flow() {
                budget = flow.bill.equalised().flops;
                if budget.is_none() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(Order {
            rehearse: self.unmeasured(&trial),
            trial,
            basis: self.basis.clone(),
            budget,
            test,
            reuse: self.reuse.clone(),
        }))
    }

    /// The trial with the settings its arm chose, where settings are tuned; none where it could not choose.
    pub(super) fn settled(&self, trial: &TrialId) -> Option<TrialId> {
        self.settled_among(trial, &self.candidates)
    }

    fn settled_among(&self, trial: &TrialId, candidates: &[String]) -> Option<TrialId> {
        if trial.settings.is_some() || self.plan.tuning.is_none() {
            return Some(trial.clone());
        }
        Some(TrialId {
            settings: Some(self.chosen(trial, candidates)?),
            ..trial.clone()
        })
    }

    /// The settings a trial's arm chose for its seed and fold.
    fn chosen(&self, trial: &TrialId, candidates: &[String]) -> Option<String> {
        let by = self.by(&trial.arm, trial.seed)?;
        let climb = match &self.plan.tuning {
            Some(tuning) if by.arm == trial.arm => {
                Climb::of(tuning, trial, candidates, &self.how_ended()).whole?
            }
            _ => candidates.to_vec(),
        };
        let candidates = &climb;
        let mut rows = Vec::new();
        for seed in &by.seeds {
            for candidate in candidates {
                let tried = TrialId {
                    arm: by.arm.clone(),
                    seed: *seed,
                    settings: Some(candidate.clone()),
                    ..trial.clone()
                };
                // One that was lost, perhaps before it had a log, might have been the best.
                if self
                    .failures
                    .get(&tried)
                    .is_some_and(|e| e.kind != Kind::Diverged)
                {
                    return None;
                }
                rows.extend(self.logs.trial(&tried).cloned());
            }
        }
        let choice = by.choice(&trial.arm, trial.fold, None);
        Tuned::of(&rows, &choice, candidates).chosen
    }

    /// Whether nothing is under way that the trial waits for: those its arm chooses its settings by, and, for a control, those the
    /// flow chooses by and its own seed's flow.
    pub(super) fn may_start(&self, trial: &TrialId) -> bool {
        let unmeasured = |trial| self.unmeasured(trial).is_some();
        if self.children.trials().any(unmeasured) || self.children.count() > 0 && unmeasured(trial)
        {
            return false;
        }
        if self.waits_for_a_shorter(trial) {
            return false;
        }
        let own_choice = trial.settings.is_none() && self.choosing(&trial.arm, trial);
        let flow = self.waits_for_the_flow(trial)
            && (self.choosing(FLOW, trial)
                || self.under_way(|other| {
                    other.arm == FLOW && other.fold == trial.fold && other.seed == trial.seed
                }));
        !own_choice && !flow
    }

    /// Whether a shorter plain training is under way that this one may begin with.
    fn waits_for_a_shorter(&self, trial: &TrialId) -> bool {
        let length = |arm: &str| length_of_plain(self.plan, arm).filter(|_| self.reuse.is_some());
        let Some(own) = length(&trial.arm) else {
            return false;
        };
        let alike = |other: &TrialId| {
            let unknown = other.settings.is_none() || trial.settings.is_none();
            let same = (other.seed, other.fold) == (trial.seed, trial.fold);
            same && (unknown || other.settings == trial.settings)
        };
        let shorter = |other: &TrialId| length(&other.arm).is_some_and(|length| length < own);
        self.under_way(|other| alike(other) && shorter(other))
    }

    /// Whether a trial is of an arm that is compared with the flow, and so has nothing to say without it. A route by a small network is
    /// held against plain training, and the flow may have settings that the small network chose.
    fn waits_for_the_flow(&self, trial: &TrialId) -> bool {
        let route = self.plan.arms.contains(&Arm::Transferred);
        let of_route = [TRANSFERRED, PLAIN_FULL, PLAIN_HALVED].contains(&trial.arm.as_str());
        // The flow itself waits for what the small networks choose.
        let small = trial.arm == SMALL && trial.settings.is_some();
        let tried = small && self.plan.small_chooses();
        // What is left out is known before the flow has chosen.
        let of_rungs = trial.settings.is_some() && self.halves();
        let of_rungs = of_rungs && !Arm::named(&trial.arm).costs_as_the_flow();
        let tried = tried || of_rungs;
        let alone = tried || [FLOW, PROXY].contains(&trial.arm.as_str()) || route && of_route;
        !alone && !self.options.probe
    }

    /// Whether a candidate that an arm may choose for a trial's seed and fold waits or runs.
    pub(super) fn choosing(&self, arm: &str, trial: &TrialId) -> bool {
        let Some(by) = self.by(arm, trial.seed) else {
            return false;
        };
        let candidate = |other: &TrialId| {
            other.arm == by.arm
                && other.fold == trial.fold
                && !self.is_tested(other)
                && by.seeds.contains(&other.seed)
        };
        let mut running = self.children.orders().filter(|order| !order.test);
        self.waiting.iter().any(candidate) || running.any(|order| candidate(&order.trial))
    }

    /// Whether a trial that waits was told of already, as a candidate.
    pub(super) fn only_tests(&self, trial: &TrialId) -> bool {
        match trial.settings {
            None => self
                .by(&trial.arm, trial.seed)
                .is_some_and(|by| by.arm == trial.arm && by.seeds.contains(&trial.seed)),
            Some(_) => self.result(trial).is_some(),
        }
    }

    /// What an arm chooses its settings by, for this seed; none where nothing is tuned.
    fn by(&self, arm: &str, seed: u64) -> Option<By> {
        let tuning = self.plan.tuning.as_ref()?;
        let seeds = self.options.seeds;
        Some(By::of(self.plan, tuning, arm, seed, seeds))
    }

    /// Whether some trial like this waits or runs.
    fn under_way(&self, like: impl Fn(&TrialId) -> bool) -> bool {
        self.waiting.iter().any(&like) || self.children.trials().any(like)
    }
}

/// The flow of a trial's seed and fold, its settings yet to be chosen.
fn flow_of(trial: &TrialId) -> TrialId {
    TrialId {
        arm: FLOW.into(),
        settings: None,
        ..trial.clone()
    }
}
