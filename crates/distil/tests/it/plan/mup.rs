//! Settings that were chosen with a narrower network.

use std::path::Path;

use distil::plan::{Arm, Draft, Plan};
use distil::train::Base;
use distil_recipe::RecipeText;

use super::{GROW, plan, plan_of, problems, with};

/// The digits, the large stage with settings that suit the small one.
fn recipe(train: &str) -> String {
    with(
        GROW,
        "start = \"small\"\n",
        &format!("start = \"small\"\ntrain = {{ {train} }}\n"),
    )
}

#[test]
fn a_wide_stage_is_trained_as_for_the_widths_of_its_base_the_first_stage() {
    let standard = plan(&recipe(""));
    let flow = plan(&recipe("param = \"mup\""));
    let [small, large] = [0, 1].map(|at| flow.stages[at].training().unwrap());
    assert_eq!((&small.mup, &small.train.base), (&None, &None));
    let mup = large.mup.as_ref().unwrap();
    assert_eq!((mup.axes(), mup.view()), (&[1.0, 8.0, 2.0, 1.0][..], 1.0));
    assert_eq!(large.train.base, Some(Base::Stage("small".into())));
    assert!(large.start.as_ref().unwrap().rule.mup);
    assert!(
        flow.describe(None)
            .contains("lr 0.001 as for the widths of small (µP)")
    );
    assert!(
        flow.to_toml().contains("mup = [1.0, 8.0, 2.0, 1.0, 1.0]"),
        "{}",
        flow.to_toml()
    );
    assert_ne!(flow.hash(), standard.hash());
    assert_eq!(
        plan(&recipe("param = \"standard\"")).hash(),
        standard.hash()
    );
    // A narrower base makes other rates, and so another plan.
    let other = with(&recipe("param = \"mup\""), "hidden = [64]", "hidden = [32]");
    assert_ne!(plan(&other).hash(), flow.hash());
}

#[test]
fn a_stage_that_sees_more_inputs_than_its_base_says_what_its_first_rate_is() {
    let text = with(
        &recipe("param = \"mup\""),
        "hidden = [64] }\n",
        "hidden = [64] }\nview = { pool = [2, 2] }\n",
    );
    let flow = plan(&text);
    assert_eq!(
        flow.stages[1]
            .training()
            .unwrap()
            .mup
            .as_ref()
            .unwrap()
            .view(),
        0.25
    );
    let said = "stage `large` sees 4 times as many inputs as its base `small`: the rate of its first weights is multiplied by 0.25";
    assert!(
        flow.notes.iter().any(|note| note == said),
        "{:?}",
        flow.notes
    );
}

#[test]
fn a_stage_that_is_nowhere_wider_is_told_that_nothing_changes() {
    let text = with(&recipe("param = \"mup\""), "[512, 128]", "[64, 64]");
    let said = "stage `large` is nowhere wider than its base `small`: `param = \"mup\"` changes nothing, and settings need not carry over between depths";
    assert!(plan(&text).notes.iter().any(|note| note == said));
}

#[test]
fn controls_that_have_no_other_stage_train_in_the_standard_parametrisation() {
    let own = recipe("param = \"mup\"");
    let top = with(
        GROW,
        "data = \"digits\"\n",
        "data = \"digits\"\ntrain.param = \"mup\"\n",
    );
    for text in [own, top] {
        for name in ["small", "plain-full", "plain-50", "smooth", "alone"] {
            let arm = plan_of(&text, &Arm::named(name)).unwrap();
            let standard = plan_of(GROW, &Arm::named(name)).unwrap();
            assert!(
                arm.stages
                    .iter()
                    .all(|stage| stage.training().unwrap().mup.is_none())
            );
            assert_eq!(arm.hash(), standard.hash(), "{name}");
        }
    }
}

#[test]
fn what_has_no_such_settings_is_refused_with_the_reason() {
    let text = |train: &str| problems(&recipe(train));
    for (train, said) in [
        (
            "param = \"mup\", optimizer = { kind = \"adam\", weight_decay = 0.01 }",
            "adam's `weight_decay` does not carry over from one width to another",
        ),
        (
            "param = \"mup\", base = \"large\"",
            "stage `large` is its own base",
        ),
        ("param = \"mup\", base = \"tiny\"", "`tiny`"),
        (
            "base = \"small\"",
            "`base = \"small\"` without `param = \"mup\"`",
        ),
    ] {
        let found = text(train);
        assert!(found.contains(said), "{found}");
    }
    let one = "task = \"classification\"\ndata = \"digits\"\n[stage.a]\nmodel = { kind = \"mlp\", hidden = [8] }\ntrain.param = \"mup\"\n";
    let found = problems(one);
    assert!(
        found.contains(
            "there is no stage but `a`, so its settings were chosen with no other network"
        ),
        "{found}"
    );
    let tuned = format!("{GROW}[compare]\ntune.param = [\"mup\", \"standard\"]\n");
    let found = problems(&tuned);
    assert!(
        found.contains("the parametrisation is no setting to tune"),
        "{found}"
    );
    let plain = format!("{GROW}[compare]\nplain.param = \"mup\"\n");
    let found = problems(&plain);
    assert!(
        found.contains("plain training has no other network"),
        "{found}"
    );
    let other = with(
        &with(GROW, "start = \"small\"\n", "train.param = \"mup\"\n"),
        "{ kind = \"mlp\", hidden = [64] }",
        "{ kind = \"cnn\", channels = [4] }",
    );
    let found = problems(&other);
    assert!(
        found.contains("`large` is a network of the family mlp, `small` one of cnn"),
        "{found}"
    );
}

/// Small to large on the digits, where settings are chosen with the small network.
fn transferred(compare: &str) -> String {
    format!("{GROW}[compare]\narms = [\"transferred\"]\n{compare}\n")
}

#[test]
fn transferred_is_plain_training_under_the_widths_of_the_network_that_chooses() {
    let text = transferred("tune.lr = [1e-3, 4e-3]\nplain.epochs = 7");
    let flow = plan(&text);
    assert_eq!(
        flow.arms.last(),
        Some(&Arm::PlainFull),
        "what it is held against"
    );
    let of = |arm: Arm| plan_of(&text, &arm).unwrap();
    let (full, large, proxy) = (of(Arm::PlainFull), of(Arm::Transferred), of(Arm::Proxy));
    let names = |plan: &Plan| -> Vec<String> {
        plan.stages.iter().map(|stage| stage.name.clone()).collect()
    };
    assert_eq!([names(&large), names(&proxy)], [["large"], ["large"]]);
    let steps = |plan: &Plan| plan.result().training().unwrap().steps;
    assert_eq!([steps(&large), steps(&proxy)], [steps(&full); 2]);
    assert_eq!(large.result().layout, full.result().layout);
    assert_eq!(proxy.result().model, flow.stages[0].model);
    assert!(proxy.result().training().unwrap().mup.is_none());
    // As somebody would write it who had chosen with the small network.
    let own = with(
        GROW,
        "start = \"small\"\nlearn = { from = \"small\", until = 0.4 }\n",
        "train = { epochs = 7, param = \"mup\", base = \"small\" }\n",
    );
    let own = plan(&with(
        &own,
        "data = \"digits\"\n",
        "data = \"digits\"\nresult = \"large\"\n",
    ));
    assert_eq!(
        large.stage_hash(large.result()),
        own.stage_hash(own.stage("large").unwrap())
    );
}

#[test]
fn the_network_that_chooses_sees_what_the_large_one_sees() {
    let text = with(
        &transferred("tune.lr = [1e-3, 4e-3]"),
        "hidden = [64] }\n",
        "hidden = [64] }\nview = { pool = [2, 2] }\n",
    );
    let large = plan_of(&text, &Arm::Transferred).unwrap();
    let mup = large.result().training().unwrap().mup.as_ref().unwrap();
    assert_eq!(mup.view(), 1.0);
    assert_eq!(
        plan_of(&text, &Arm::Proxy).unwrap().result().view_shape,
        large.result().view_shape
    );
}

#[test]
fn what_cannot_be_transferred_is_refused_with_the_reason() {
    for (compare, said) in [
        ("", "there are no settings to choose from"),
        (
            "tune = { lr = [1e-3, 2e-3], seeds = 2 }",
            "the first seeds would choose for all arms, and the small network for the large one",
        ),
        (
            "tune.batch = [32, 64]",
            "the small network cannot choose `batch` for the large one",
        ),
    ] {
        let found = problems(&transferred(compare));
        assert!(found.contains(said), "{found}");
    }
    let of = |text: &str| plan_of(text, &Arm::Transferred).unwrap_err();
    let text = transferred("tune.lr = [1e-3, 4e-3]");
    let decays = "train.optimizer = { kind = \"adam\", weight_decay = 0.01 }\n";
    let decays = with(
        &text,
        "[stage.large]\n",
        &format!("[stage.large]\n{decays}"),
    );
    assert!(of(&decays).contains("does not carry over from one width to another"));
    let wider = with(&text, "hidden = [64]", "hidden = [1024, 1024]");
    assert!(of(&wider).contains("that of the first stage, is no smaller than that of `large`"));
    let own = format!("{GROW}[compare.arm.proxy]\nstage.large.train.epochs = 2\n");
    assert!(problems(&own).contains("there is an arm `proxy` already"));
    let asked = format!("{GROW}[compare]\narms = [\"proxy\"]\n");
    assert!(problems(&asked).contains("there is no arm `proxy`"));
}

/// Small to large on the digits, where the small network chooses for every arm.
fn by_small(compare: &str) -> String {
    format!("{GROW}[compare]\ntune = {{ lr = [1e-3, 4e-3], by = \"small\" }}\n{compare}\n")
}

#[test]
fn where_the_small_network_chooses_every_arm_of_the_large_one_is_under_its_widths_and_the_small_one_is_not()
 {
    let text = by_small("plain.epochs = 7");
    let of = |arm: Arm| plan_of(&text, &arm).unwrap();
    let route = transferred("tune.lr = [1e-3, 4e-3]\nplain.epochs = 7");
    let hash = |plan: &Plan| plan.stage_hash(plan.result());
    assert_eq!(
        hash(&of(Arm::PlainFull)),
        hash(&plan_of(&route, &Arm::Transferred).unwrap())
    );
    for arm in [Arm::Proxy, Arm::Small] {
        assert_eq!(
            hash(&of(arm.clone())),
            hash(&plan_of(&route, &arm).unwrap())
        );
    }
    for arm in [Arm::Flow, Arm::Alone, Arm::PlainShare(0.25)] {
        let plan = of(arm);
        let training = plan.result().training().unwrap();
        assert!(
            training.mup.as_ref().is_some_and(|mup| !mup.is_none()),
            "{}",
            plan.arm
        );
    }
    // Whatever an arm does to the small stage, it did not choose.
    let wide = by_small("plain.epochs = 7\n[compare.arm.wide.stage.small.model]\nhidden = [128]");
    let wide = plan_of(&wide, &Arm::Own("wide".into())).unwrap();
    let axes = |plan: &Plan| {
        plan.result()
            .training()
            .unwrap()
            .mup
            .as_ref()
            .unwrap()
            .axes()
            .to_vec()
    };
    assert_eq!(axes(&wide), axes(&of(Arm::Flow)));
    // As somebody would write it who had chosen with the small network.
    let own = with(
        GROW,
        "until = 0.4 }\n",
        "until = 0.4 }\ntrain = { param = \"mup\", base = \"small\" }\n",
    );
    let flow = of(Arm::Flow);
    assert_eq!(hash(&flow), hash(&plan(&own)));
    assert!(flow.describe(None).contains(
        "the small network chooses for every arm of the large one by its loss on the validation part, from lr=0.001 | lr=0.004"
    ));
}

#[test]
fn where_the_small_network_cannot_choose_for_all_the_reason_is_told() {
    let alone = "task = \"classification\"\ndata = \"digits\"\n[stage.large]\nmodel = { kind = \"mlp\", hidden = [512, 128] }\n";
    let tune = "[compare]\ntune = { lr = [1e-3, 4e-3], by = \"small\" }\n";
    let wider = with(&by_small(""), "hidden = [64]", "hidden = [1024, 1024]");
    let (_folder, tables) = tuned();
    let batch = with(&by_small(""), "lr = [1e-3, 4e-3]", "batch = [32, 64]");
    let seeds = with(&by_small(""), "by =", "seeds = 2, by =");
    let own = "[compare.arm.own.stage.large.train]\nparam = \"standard\"\n";
    let own = plan_of(&by_small(own), &Arm::Own("own".into())).unwrap_err();
    assert!(
        own.contains("the arms would not be in this parametrisation"),
        "{own}"
    );
    let based = with(
        &by_small(""),
        "until = 0.4 }\n",
        "until = 0.4 }\ntrain = { param = \"mup\", base = \"small\" }\n",
    );
    let word = with(&by_small(""), "\"small\" }\n\n", "\"large\" }\n\n");
    for (text, said) in [
        (
            by_small("plain.param = \"standard\""),
            "plain training would not be in this parametrisation",
        ),
        (based, "the arms would not be in this parametrisation"),
        (
            format!("{alone}{tune}"),
            "the recipe has no small stage that could choose",
        ),
        (
            wider,
            "that of the first stage, is no smaller than that of `large`",
        ),
        (
            format!("{tables}{tune}"),
            "which has a parametrisation of its own",
        ),
        (
            batch,
            "the small network cannot choose `batch` for the large one",
        ),
        (seeds, "the first seeds would choose for all arms"),
        (
            by_small("arms = [\"transferred\"]"),
            "`transferred` would be `plain-full`",
        ),
        (word, "the choices are each, small"),
    ] {
        let found = problems(&text);
        assert!(found.contains(said), "{said}: {found}");
    }
}

/// Two networks with tuned defaults, on a table of its own.
fn tuned() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let rows = (0..60).map(|i| format!("{},{},{}\n", i * i % 17, i % 7, ["no", "yes"][i % 2]));
    let table = format!("x,z,l\n{}", rows.collect::<String>());
    std::fs::write(&path, table).unwrap();
    let text = format!(
        "task = \"classification\"\ndata = {{ source = \"csv\", path = '{}', target = \"l\" }}\n\
         [stage.small]\nmodel = {{ kind = \"realmlp\", hidden = [8] }}\n\
         [stage.large]\nmodel = {{ kind = \"realmlp\", hidden = [16] }}\nstart = \"small\"\n",
        path.display()
    );
    (folder, text)
}

#[test]
fn a_family_with_a_parametrisation_of_its_own_is_refused_by_name() {
    let (_folder, text) = tuned();
    let plain = plan(&text);
    let large = plain.stages[1].training().unwrap();
    assert!(large.mup.is_none());
    let paces = large.paces(&plain.stages[1].model, &plain.stages[1].layout);
    assert_eq!(paces["front.weight"].lr, 6.0);
    let found = problems(&format!("{text}train.param = \"mup\"\n"));
    assert!(
        found.contains(
            "`large` is a network of the family realmlp, which has a parametrisation of its own"
        ),
        "{found}"
    );
}

#[test]
fn a_network_that_tells_columns_apart_refuses_a_view_of_them() {
    let (_folder, text) = tuned();
    let found = problems(&with(
        &text,
        "hidden = [8] }\n",
        "hidden = [8] }\nview = { pca = 2 }\n",
    ));
    assert!(
        found.contains("`realmlp` would read columns that a view has mixed"),
        "{found}"
    );
}

/// The large network of the digits alone, trained so.
fn alone(train: &str) -> String {
    format!(
        "task = \"classification\"\ndata = \"digits\"\n[stage.large]\nmodel = {{ kind = \"mlp\", hidden = [512, 128] }}\ntrain = {{ {train} }}\n"
    )
}

const BASE: &str = "base = { kind = \"mlp\", hidden = [64] }";

#[test]
fn a_base_may_be_a_network_that_no_stage_has() {
    let own = plan(&alone(&format!("epochs = 7, param = \"mup\", {BASE}")));
    let text = transferred("tune.lr = [1e-3, 4e-3]\nplain.epochs = 7");
    let large = plan_of(&text, &Arm::Transferred).unwrap();
    assert_eq!(
        own.stage_hash(own.result()),
        large.stage_hash(large.result())
    );
    assert!(
        own.describe(None)
            .contains("lr 0.001 as for the widths of another mlp (µP)")
    );
    let written = own.to_toml();
    assert!(
        written.contains("[stage.large.train.base]\nkind = \"mlp\""),
        "{written}"
    );
    for (train, said) in [
        (
            BASE.to_owned(),
            "`base` without `param = \"mup\"`".to_owned(),
        ),
        (
            "param = \"mup\", base = { kind = \"cnn\", channels = [4] }".into(),
            "`large` is a network of the family mlp, that which chose its settings one of cnn"
                .into(),
        ),
        (
            "param = \"mup\", base = { kind = \"mlp\", hiden = [4] }".into(),
            "unknown key `hiden`".into(),
        ),
        (
            "param = \"mup\", base = { hidden = [4] }".into(),
            "`base` does not say its `kind`".into(),
        ),
        ("param = \"mup\", base = 4".into(), "`base` must be".into()),
    ] {
        let found = problems(&alone(&train));
        assert!(found.contains(&said), "{found}");
    }
}

/// What a recipe says where files of settings lie in `folder`.
fn beside(folder: &Path, text: &str) -> Result<Plan, String> {
    let recipe = RecipeText::new("r.toml", text);
    let draft = Draft::read(&recipe, folder, &Arm::Flow).map_err(|refusal| refusal.to_string())?;
    let raw = draft.read_data().unwrap();
    let data = draft.dataset(raw, None).unwrap();
    draft.plan(&data).map_err(|refusal| refusal.to_string())
}

#[test]
fn a_file_of_settings_stands_under_what_its_stage_says() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let chosen = format!("epochs = 7\nlr = 8e-3\nschedule = \"linear\"\nparam = \"mup\"\n{BASE}\n");
    write("s.toml", &chosen);
    let by_file = beside(folder.path(), &alone("settings = \"s.toml\"")).unwrap();
    let written = plan(&alone(&format!(
        "epochs = 7, lr = 8e-3, schedule = \"linear\", param = \"mup\", {BASE}"
    )));
    assert_eq!(by_file.hash(), written.hash());
    assert_eq!(by_file.settings["large"], chosen);
    let own = "settings = \"s.toml\", steps = 50, clip = 1.0, lr = 4e-3";
    let over = beside(folder.path(), &alone(own)).unwrap();
    let written = plan(&alone(&format!(
        "steps = 50, clip = 1.0, lr = 4e-3, schedule = \"linear\", param = \"mup\", {BASE}"
    )));
    assert_eq!(over.hash(), written.hash());
    let said = "stage `large` has length of its own beside s.toml: a rate belongs to length, batch, optimiser and schedule, and was chosen with others";
    assert!(
        over.notes.iter().any(|note| note == said),
        "{:?}",
        over.notes
    );
    assert!(by_file.notes.iter().all(|note| !note.contains("s.toml")));
    // Every arm has them, and so has a stage that is like another.
    let like = "[stage.other]\nlike = \"large\"\ntrain.epochs = 3\n";
    let two = format!(
        "result = \"large\"\n{}{like}",
        alone("settings = \"s.toml\"")
    );
    let two = beside(folder.path(), &two).unwrap();
    let of = |name: &str| two.stage(name).unwrap().training().unwrap();
    let (large, other) = (of("large"), of("other"));
    assert_eq!((other.train.lr, 7 * other.steps), (8e-3, 3 * large.steps));
    assert_eq!(other.mup, large.mup);
}

#[test]
fn what_is_wrong_with_a_file_of_settings_is_said_where_the_recipe_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    write("key.toml", b"lrr = 8e-3\n");
    write("range.toml", b"epochs = 2\nlr = -1.0\n");
    write(
        "model.toml",
        b"param = \"mup\"\nbase = { kind = \"mlp\", hiden = [4] }\n",
    );
    write("syntax.toml", b"lr = \n");
    write("latin.toml", b"lr = 1e-3 # \xe9\n");
    write("more.toml", b"settings = \"key.toml\"\n");
    for (name, said) in [
        ("key.toml", "key.toml: unknown key `lrr`"),
        ("range.toml", "range.toml: `lr` is -1"),
        ("model.toml", "unknown key `hiden`"),
        ("syntax.toml", "syntax.toml: "),
        ("latin.toml", "it is no text in UTF-8"),
        ("more.toml", "more.toml: it names a file itself, key.toml"),
        ("none.toml", "none.toml: "),
    ] {
        let found = beside(folder.path(), &alone(&format!("settings = \"{name}\""))).unwrap_err();
        assert!(found.contains(said), "{found}");
        assert!(found.contains("r.toml:5:"), "{found}");
        assert!(found.contains(&format!("settings = \"{name}\"")), "{found}");
    }
    let top = alone("lr = 1e-3").replace("[stage", "train.settings = \"s.toml\"\n[stage");
    let plain = format!(
        "{}[compare]\nplain.settings = \"s.toml\"\n",
        alone("lr = 1e-3")
    );
    let tune = format!(
        "{}[compare]\ntune.settings = [\"s.toml\", \"t.toml\"]\n",
        alone("lr = 1e-3")
    );
    for text in [top, plain, tune] {
        let found = beside(folder.path(), &text).unwrap_err();
        assert!(
            found.contains("no stage would have these settings alone"),
            "{found}"
        );
    }
}
