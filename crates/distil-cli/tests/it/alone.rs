//! The arm `alone`, from a recipe to the page: what the student reaches without its teacher.

use distil_report::Purpose;
use distil_report::run_json::RunJson;

use crate::harness::Place;

const TAUGHT: &str = r#"
task = "classification"
data = { source = "gaussian", samples = 600, shape = [4, 4], pool = [2, 2] }
train = { epochs = 3 }

[stage.teacher]
model = { kind = "mlp", hidden = [64] }

[stage.student]
model = { kind = "mlp", hidden = [8] }
learn = { from = "teacher", method = "kd" }
train = { epochs = 4, lr = 4e-3 }
"#;

fn run(place: &Place, recipe: &str) -> (RunJson, String) {
    place.write("taught.toml", recipe);
    let ended = place.distil(&["run", "./taught.toml", "--seeds", "2", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/taught-0001/run.json")).unwrap();
    (run, ended.stdout)
}

#[test]
fn a_taught_student_is_compared_with_itself_alone_without_being_asked() {
    let place = Place::new();
    let (run, printed) = run(&place, TAUGHT);
    assert_eq!(run.arms(), ["flow", "alone", "plain"]);
    assert_eq!(run.teachers, ["teacher"]);
    for alone in run.arm("alone") {
        let [stage] = alone.stages.as_slice() else {
            panic!("{:?}", alone.stages);
        };
        let flow = run
            .arm("flow")
            .find(|flow| flow.id.seed == alone.id.seed)
            .unwrap();
        let student = flow.result().unwrap();
        assert_eq!(
            (stage.name.as_str(), stage.steps, stage.parameters),
            ("student", student.steps, student.parameters)
        );
        assert!(flow.bill.row("student", Purpose::Teach).is_some());
        assert!(alone.bill.row("student", Purpose::Teach).is_none());
        let [own, taught] = [alone, flow].map(|trial| trial.bill.equalised().flops.unwrap());
        assert!(own < taught / 2.0, "{own} {taught}");
    }
    let compared = run
        .comparisons
        .iter()
        .find(|compared| compared.against == "alone");
    assert_eq!(compared.map(|compared| compared.n), Some(2));
    // A step without a teacher's loss has rates of its own, the same for all arms without one.
    assert_eq!(run.calibration_of("alone"), run.calibration_of("plain"));
    assert_ne!(run.calibration_of("alone"), &run.calibration);
    // The teacher's own quality stands beside the arms'.
    for shown in ["alone", "teacher"] {
        assert!(
            printed.lines().any(|line| line.starts_with(shown)),
            "{printed}"
        );
    }
    let page = place.read("runs/taught-0001/report.html");
    assert!(page.contains("the student alone, without a teacher"));
}

#[test]
fn where_the_teacher_is_no_dearer_than_the_student_there_is_no_arm_alone() {
    let place = Place::new();
    let recipe = TAUGHT.replace("hidden = [64]", "hidden = [4]");
    let (run, _) = run(&place, &recipe);
    assert!(!run.arms().contains(&"alone"), "{:?}", run.arms());
    assert!(run.teachers.is_empty());
}
