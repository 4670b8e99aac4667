//! `distil list`.

use crate::harness::Place;

fn list(arguments: &[&str]) -> String {
    let ended = Place::new().distil(&[&["list"], arguments].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    ended.stdout
}

#[test]
fn every_shipped_recipe_is_listed_with_what_it_does() {
    let shown = list(&[]);
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../recipes")).unwrap() {
        let path = file.unwrap().path();
        let Some(name) = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .strip_suffix(".toml")
        else {
            continue;
        };
        let line = shown
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name));
        assert!(
            line.is_some_and(|line| line.split_whitespace().count() > 3),
            "{name}: {shown}"
        );
    }
}

#[test]
fn every_registry_is_listed_with_its_options() {
    insta::assert_snapshot!(list(&["models"]), @r"
    name       what it is                                                                        options
    mlp        fully connected layers; none hidden: linear or logistic regression                hidden, activation, dropout, norm
    cnn        blocks of 3×3 convolutions with batch norm, each pooled at its end; for pictures  channels, convs
    resnet     residual network of 6n + 2 layers for small pictures, narrow or wide              depth, width
    mobilenet  inverted residuals with depthwise convolutions, for small pictures                channels, blocks, expansion
    realmlp    multi-layer perceptron for tables with tuned defaults (Holzmüller et al. 2024)    hidden, activation, dropout, waves, sigma, one_hot, embedding, clamp, members
    dscnn      depthwise-separable convolutions, for keywords in sound (Zhang et al. 2017)       channels, blocks, kernel, stride, halves
    ");
    insta::assert_snapshot!(list(&["methods"]), @r"
    name     what it is                                                                 options
    kd       softened classes towards the teacher's (Hinton, Vinyals & Dean 2015)       temperature
    soft-ce  kd by cross-entropy: the same gradient (Hinton, Vinyals & Dean 2015)       temperature
    logits   logits towards the teacher's, K/2 × the mean square (Ba & Caruana 2014)    centred
    dkd      kd with the label and the other classes weighted apart (Zhao et al. 2022)  temperature, alpha, beta, warmup
    smooth   a virtual teacher that is always right (Yuan et al. 2020)                  temperature, confidence
    bce      kd for labels that do not exclude each other, mean over labels             temperature
    mse      values towards the teacher's
    bounded  regression till the teacher is beaten, mean of targets (Chen et al. 2017)  margin
    fitnet   hidden features towards the teacher's (Romero et al. 2015)
    ");
    insta::assert_snapshot!(list(&["growth"]), @r"
    in `start`  name      what it is                                                  options
    width       new       new units with fresh incoming and zero outgoing weights
    width       copy      copies of units that share their outgoing weights unevenly
    depth       identity  inserted layers hand on what they read
    ");
    insta::assert_snapshot!(list(&["samples"]), @r"
    name        what it is                                                           options
    all         every training sample, each epoch
    random      a random subset, one for all epochs or a new one each                fraction, count, refresh
    stratified  a random subset with each class's share                              fraction
    k-center    a subset that leaves no sample far from it (greedy k-center)         fraction
    herding     a subset whose mean follows the data's mean (Welling 2009)           fraction, per_class
    ids         the samples listed in a file                                         file
    infobatch   drops well-learnt samples at random, without bias (Qin et al. 2024)  r, anneal
    ");
    insta::assert_snapshot!(list(&["sources"]), @r"
    name          what it is                                             options
    digits        handwritten digits, built in                           path, scale
    gaussian      generated class clusters                               samples, shape, classes, modes, pool, coarse, separation, noise, seed, scale
    csv           a table with a header                                  path, target, delimiter, categorical, numeric, ignore, groups, weights, id, scale, header, missing, comment, drop_unlabelled, columns, encoding, limit
    npy           NumPy arrays, .npy or .npz                             path, inputs, labels, names, layout, scale, limit
    fsdd          spoken digits, a folder of recordings                  path, features, rate, scale, limit
    sound-folder  sounds, a folder per class                             path, list, file, label, pattern, features, rate, scale, limit
    idx           grey pictures, the MNIST family's IDX files            path, names, scale, limit
    image-folder  pictures, a folder per class                           path, list, file, label, pattern, size, colour, background, scale, limit
    parquet       pictures in parquet files, as on the Hugging Face hub  path, image, label, size, colour, background, scale, limit
    cifar-binary  CIFAR-10 and CIFAR-100, their binary form              path, scale
    ");
    insta::assert_snapshot!(list(&["optimizers"]), @r"
    name   what it is                                                   options
    sgd    gradient descent, with momentum if asked for                 momentum, nesterov, weight_decay
    adam   Adam (Kingma & Ba 2015)                                      beta1, beta2, epsilon, weight_decay
    adamw  Adam with decoupled weight decay (Loshchilov & Hutter 2019)  beta1, beta2, epsilon, weight_decay, exclude
    ");
    insta::assert_snapshot!(list(&["schedules"]), @r"
    name         what it is                                                                  options
    constant     the learning rate stays
    linear       down to zero in a straight line
    cosine       down to zero along half a cosine
    trapezoid    flat, then down to zero in a straight line                                  decay
    flat-cosine  flat over the first half, then down to zero along half a cosine
    coslog       waves between zero and the full rate, each twice as long as the one before  cycles
    ");
    insta::assert_snapshot!(list(&["tasks"]), @r"
    name            what it is                                                   options
    classification  one of several classes, by cross-entropy                     smoothing, class_weights
    multi-label     any number of labels, by binary cross-entropy
    regression      one or several numbers, by squared, absolute or huber error  loss, delta, unit
    ");
}

#[test]
fn every_metric_is_listed_with_its_direction() {
    insta::assert_snapshot!(list(&["metrics"]), @r"
    metric             better  tasks                        what it is
    accuracy           higher  classification               the share of samples classified right
    balanced_accuracy  higher  classification               the mean of the classes' shares of samples classified right, however many samples a class has
    top5               higher  classification               the share of samples whose class is among the five likeliest; shown where there are more than five
    subset_accuracy    higher  multi-label                  the share of samples all of whose labels are right
    micro_f1           higher  multi-label                  F1 of all labels' decisions together, at probability 0.5
    macro_f1           higher  classification, multi-label  the mean of the classes' or labels' F1
    average_precision  higher  classification, multi-label  the area under precision over recall, the mean of the classes' or labels': how well the rare ones are found
    nll                lower   classification, multi-label  mean negative log-likelihood in nats; with several labels their mean binary cross-entropy
    calibrated_nll     lower   classification, multi-label  NLL with all logits divided by the one temperature that makes it least on the samples measured: the loss without too much or too little confidence
    ece                lower   classification               how far confidence and accuracy are apart, over 15 bins
    nrmse              lower   regression                   with several targets: the mean of their RMSE, each divided by its target's standard deviation
    rmse               lower   regression                   root mean squared error in the target's unit; with several targets the mean of theirs
    mae                lower   regression                   mean absolute error in the target's unit; with several targets the mean of theirs
    r2                 higher  regression                   the share of the target's variance explained; with several targets the mean of theirs
    ");
}

#[test]
fn a_folder_without_runs_says_how_to_make_the_first() {
    insta::assert_snapshot!(list(&["runs"]), @"runs: no runs. `distil run digits` makes the first.");
}

#[test]
fn a_run_without_a_readable_record_is_listed_as_such() {
    let place = Place::new();
    place.write("runs/a-0001/recipe.toml", "");
    place.write("runs/b-0001/recipe.toml", "");
    place.write("runs/b-0001/run.json", "{\"format\": 1");
    place.write("runs/notes.txt", "");
    let ended = place.distil(&["list", "runs"]);
    assert_eq!(ended.code, 0);
    insta::assert_snapshot!(ended.stdout, @r"
    run     recipe  status               trials  metric  test  verdict
    a-0001  –       unfinished           –       –       –     –
    b-0001  –       run.json is damaged  –       –       –     –
    ");
}
