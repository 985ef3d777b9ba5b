//! Training as a user meets it: named networks, sampling, interruptions, threads, reports.

use base::{Embedding, Fit, FitError, Images, Labels, Predict, Seed, ShapeError, Size};
use deep::{
    AugmentParams, Cnn, CnnParams, EpochReport, OptimiserParams, Sampling, ScheduleParams,
    TrainedCnn,
};
use ndarray::Array4;
use rand::RngExt;

/// Horizontal and vertical bars in turn, with noise.
fn bars(n: usize, size: Size) -> (Images, Labels) {
    let mut rng = Seed(11).rng();
    let starts: Vec<usize> = (0..n).map(|_| rng.random_range(0..4)).collect();
    let shape = (n, size.height, size.width, size.channels);
    let pixels = Array4::from_shape_fn(shape, |(row, y, x, _)| {
        let along = if row % 2 == 0 { y } else { x };
        let bright = (along + starts[row]) % 4 < 2;
        rng.random_range(0..100_u8) + if bright { 100 } else { 0 }
    });
    let names = ["horizontal", "vertical"].map(str::to_owned);
    let labels = Labels::new((0..n).map(|row| row % 2).collect(), &names).unwrap();
    (Images::new(pixels).unwrap(), labels)
}

const SIZE: Size = Size { height: 12, width: 13, channels: 1 };

fn small() -> CnnParams {
    CnnParams {
        channels: vec![3],
        embedding: 6,
        epochs: 4,
        min_steps: 1,
        batch_size: 20,
        ..CnnParams::default()
    }
}

fn named(network: &str) -> CnnParams {
    let plain = CnnParams { epochs: 2, min_steps: 1, batch_size: 20, ..CnnParams::default() };
    CnnParams { network: Some(network.into()), ..plain }
}

fn train(params: &CnnParams, n: usize) -> Result<TrainedCnn, FitError> {
    let (images, labels) = bars(n, SIZE);
    Cnn::new(params).unwrap().train(&images, &labels, Seed(3))
}

/// All that changes training at once.
fn everything() -> CnnParams {
    CnnParams {
        optimiser: OptimiserParams::AdaDelta { rho: 0.9 },
        schedule: ScheduleParams::WarmUp {
            steps: 3,
            first: 0.1,
            then: Box::new(ScheduleParams::Plateau { factor: 0.5, patience: 0 }),
        },
        sampling: Sampling::Stratified,
        augment: AugmentParams { rotate: 8.0, scale: 0.1, flip: true, cutout: 3 },
        label_smoothing: 0.1,
        lookahead: Some(3),
        clip_norm: Some(0.5),
        learning_rate: 1.0,
        epochs: 5,
        ..named("mlp")
    }
}

#[test]
fn every_network_that_comes_along_can_be_trained_and_embeds() {
    for (name, features) in
        [("lenet", 84), ("mlp", 128), ("nin", 48 * 3 * 4), ("resnet-small", 64), ("vgg-small", 128)]
    {
        let (images, labels) = bars(44, SIZE);
        let params = CnnParams { epochs: 1, ..named(name) };
        let model = Cnn::new(&params).unwrap().train(&images, &labels, Seed(1)).unwrap();
        assert_eq!(model.embed(&images).dim(), (44, features), "{name}");
        assert_eq!(model.scores(&images).view().dim(), (44, 2), "{name}");
        assert!(model.embedding_bytes() < model.summary().model_bytes, "{name}");
    }
}

#[test]
fn a_named_network_learns_and_keeps_the_promises_of_a_recipe() {
    let (images, labels) = bars(80, SIZE);
    let cnn = Cnn::new(&CnnParams { epochs: 12, ..named("lenet") }).unwrap();
    eval::contract::check(&cnn, &images, &labels);
    let scores = cnn.fit(&images, &labels, Seed(1)).unwrap().scores(&images);
    assert_eq!(scores.predicted(), labels.ids());
}

#[test]
fn one_and_two_threads_give_the_same_bits_with_all_settings() {
    let on = |threads, params: &CnnParams| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let model = pool.install(|| train(params, 90)).unwrap();
        model.network().to_safetensors()
    };
    let params = everything();
    assert_eq!(on(1, &params), on(2, &params));
    let params = CnnParams { batch_size: 40, epochs: 1, ..named("resnet-small") };
    assert_eq!(on(1, &params), on(2, &params));
}

#[test]
fn an_interrupted_training_goes_on_as_if_nothing_had_happened() {
    let (images, labels) = bars(90, SIZE);
    let mut kinds = vec![everything(), small()];
    for optimiser in [OptimiserParams::Sgd {}, OptimiserParams::Momentum { momentum: 0.8 }] {
        kinds.push(CnnParams { optimiser, learning_rate: 0.05, ..small() });
    }
    for params in kinds {
        let cnn = Cnn::new(&params).unwrap();
        let mut training = cnn.start(&images, &labels, Seed(3)).unwrap();
        let mut saved = vec![training.checkpoint()];
        while training.next_epoch().unwrap().is_some() {
            saved.push(training.checkpoint());
        }
        let last = saved.last().unwrap();
        for checkpoint in &saved {
            let mut resumed = cnn.resume(&images, &labels, checkpoint).unwrap();
            assert_eq!(&resumed.checkpoint(), checkpoint);
            while resumed.next_epoch().unwrap().is_some() {}
            assert_eq!(&resumed.checkpoint(), last);
        }
        let network = training.finish().network().to_safetensors();
        let resumed = cnn.resume(&images, &labels, &saved[1]).unwrap();
        assert_ne!(network, resumed.finish().network().to_safetensors());
        let whole = cnn.train(&images, &labels, Seed(3)).unwrap();
        assert_eq!(network, whole.network().to_safetensors());
    }
}

#[test]
fn checkpoints_of_something_else_are_refused() {
    let (images, labels) = bars(40, SIZE);
    let cnn = Cnn::new(&small()).unwrap();
    let checkpoint = cnn.start(&images, &labels, Seed(3)).unwrap().checkpoint();
    let refused = |cnn: &Cnn, images: &Images, labels: &Labels, bytes: &[u8]| {
        cnn.resume(images, labels, bytes).err().unwrap().to_string()
    };
    let other = Cnn::new(&CnnParams { learning_rate: 0.1, ..small() }).unwrap();
    let text = "the checkpoint was made with other settings";
    assert_eq!(refused(&other, &images, &labels, &checkpoint), text);
    let (more, _) = bars(41, SIZE);
    let (brighter, _) = bars(40, Size { channels: 3, ..SIZE });
    assert!(!refused(&cnn, &more, &labels, &checkpoint).is_empty());
    let text = "the checkpoint was made with other images";
    assert_eq!(refused(&cnn, &brighter, &labels, &checkpoint), text);
    let swapped = Labels::new((1..41).map(|row| row % 2).collect(), labels.classes()).unwrap();
    let text = "the checkpoint was made with other labels";
    assert_eq!(refused(&cnn, &images, &swapped, &checkpoint), text);
    let cut = &checkpoint[..checkpoint.len() - 1];
    assert_eq!(refused(&cnn, &images, &labels, cut), "this is not a whole safetensors file");
    let network = cnn.train(&images, &labels, Seed(3)).unwrap().network().to_safetensors();
    let text = "there is no metadata `deep.checkpoint`: the file holds something else";
    assert_eq!(refused(&cnn, &images, &labels, &network), text);
}

#[test]
fn batches_of_one_and_of_all_rows_are_learned_from() {
    let online = CnnParams { batch_size: 1, learning_rate: 1e-3, epochs: 1, ..named("lenet") };
    assert!(train(&online, 40).is_ok());
    let (images, labels) = bars(40, SIZE);
    let all = CnnParams { batch_size: usize::MAX, validation_share: 0.0, epochs: 3, ..small() };
    let cnn = Cnn::new(&all).unwrap();
    let mut training = cnn.start(&images, &labels, Seed(3)).unwrap();
    while training.next_epoch().unwrap().is_some() {}
    assert_eq!(training.reports().len(), 3);
    // Normalised over a batch of one, everything would be the mean.
    let refused = Cnn::new(&CnnParams { batch_size: 1, ..named("vgg-small") }).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`batch_size` is 1, but must be at least 2, as there is batch normalisation"
    );
}

#[test]
fn reports_tell_of_every_layer_and_are_lines_of_json() {
    let (images, labels) = bars(40, SIZE);
    let params = CnnParams { clip_norm: Some(1e-3), batch_size: 5, ..small() };
    let cnn = Cnn::new(&params).unwrap();
    let mut training = cnn.start(&images, &labels, Seed(3)).unwrap();
    let report = training.next_epoch().unwrap().unwrap().clone();
    let layers: Vec<&str> = report.epoch.layers.iter().map(|line| line.layer.as_str()).collect();
    assert_eq!(
        layers,
        ["0 (convolution)", "1 (batch-norm)", "3 (relu)", "4 (affine)", "5 (relu)", "6 (affine)"]
    );
    for line in &report.epoch.layers {
        let relu = line.layer.contains("relu");
        assert_eq!((line.dead.is_some(), line.gradient_norm.is_none()), (relu, relu), "{line:?}");
        assert!(line.gradient_norm.is_none_or(|norm| norm > 0.0), "{line:?}");
    }
    assert_eq!(report.clipped_steps, 8);
    let line = serde_json::to_string(&report).unwrap();
    assert!(!line.contains('\n'));
    assert_eq!(serde_json::from_str::<EpochReport>(&line).unwrap(), report);
}

#[test]
fn batches_that_lack_a_class_are_counted_and_stratified_ones_do_not() {
    let (images, _) = bars(60, SIZE);
    let names = ["often", "rare"].map(str::to_owned);
    // Six of sixty.
    let labels = Labels::new((0..60).map(|row| usize::from(row % 10 == 0)).collect(), &names);
    let labels = labels.unwrap();
    let lacking = |sampling| {
        let params = CnnParams { sampling, batch_size: 10, validation_share: 0.0, ..small() };
        let cnn = Cnn::new(&params).unwrap();
        let mut training = cnn.start(&images, &labels, Seed(1)).unwrap();
        while training.next_epoch().unwrap().is_some() {}
        training.reports().iter().map(|report| report.incomplete_batches).sum::<usize>()
    };
    assert!(lacking(Sampling::Shuffled) > 0);
    assert!(lacking(Sampling::WithReplacement) > 0);
    assert_eq!(lacking(Sampling::Stratified), 0);
}

#[test]
fn settings_that_contradict_each_other_or_the_images_are_named() {
    let refused = |params: CnnParams| Cnn::new(&params).unwrap_err().to_string();
    assert_eq!(
        refused(named("alexnet")),
        "`network` is alexnet, but must be one of lenet, mlp, nin, resnet-small, vgg-small"
    );
    assert_eq!(
        refused(CnnParams { channels: vec![4], ..named("lenet") }),
        "`channels` is set, but must be left out, as `network` is given"
    );
    assert_eq!(
        refused(CnnParams { clip_norm: Some(0.0), ..small() }),
        "`clip_norm` is 0, but must be a positive number"
    );
    assert_eq!(
        refused(CnnParams { lookahead: Some(0), ..small() }),
        "`lookahead` is 0, but must be at least 1"
    );
    let augment = AugmentParams { scale: 1.0, ..AugmentParams::default() };
    assert_eq!(
        refused(CnnParams { augment, ..small() }),
        "`scale` is 1, but must be at least 0 and less than 1"
    );
    let (images, labels) = bars(40, Size { height: 9, ..SIZE });
    let error = Cnn::new(&named("lenet")).unwrap().train(&images, &labels, Seed(1)).err().unwrap();
    assert!(matches!(error, FitError::Shape(ShapeError::Network { .. })));
    assert_eq!(
        error.to_string(),
        "images are 9x13 pixels; layer 3 (convolution): its window covers 5 rows and columns, but \
         its input is 6 maps of 4x6"
    );
}

/// Kernels that whiten are there before the first step and stay as they are, whatever the rule; so do
/// scales that are not to be learned.
#[test]
fn what_is_not_to_be_learned_stays() {
    let (images, labels) = bars(90, SIZE);
    for optimiser in [OptimiserParams::default(), OptimiserParams::Momentum { momentum: 0.9 }] {
        let text = r#"{"epochs": 3, "min_steps": 1, "batch_size": 20, "network": {"layers": [
            {"kind": "convolution", "maps": 8, "size": 2, "initial": "whitening"},
            {"kind": "relu"}, {"kind": "batch-norm", "scale": false, "shift_rate": 64.0},
            {"kind": "affine"}, {"kind": "scale", "factor": 0.5}]}}"#;
        let params: CnnParams = serde_json::from_str(text).unwrap();
        let params = CnnParams { optimiser, learning_rate: 0.01, ..params };
        let mut training = Cnn::new(&params).unwrap().start(&images, &labels, Seed(3)).unwrap();
        let fresh = training.checkpoint();
        while training.next_epoch().unwrap().is_some() {}
        let trained = training.checkpoint();
        let [before, after] =
            [&fresh, &trained].map(|file| safetensors::SafeTensors::deserialize(file).unwrap());
        for (name, stays) in [
            ("network.0.weight", true),
            ("network.0.bias", false),
            ("network.2.weight", true),
            ("network.2.bias", false),
            ("network.3.weight", false),
        ] {
            let [before, after] = [&before, &after].map(|file| file.tensor(name).unwrap());
            assert_eq!(before.data() == after.data(), stays, "{name}");
        }
        let kernels = before.tensor("network.0.weight").unwrap();
        let (first, second) = kernels.data().split_at(kernels.data().len() / 2);
        let value = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
        let mut pairs = first.chunks(4).zip(second.chunks(4));
        assert!(pairs.all(|(a, b)| value(a) == -value(b)), "kernels of both signs");
    }
}

#[test]
fn a_described_network_must_fit_images_and_classes() {
    let described = |layers: &str| {
        let text =
            format!(r#"{{"min_steps": 1, "epochs": 1, "network": {{"layers": [{layers}]}}}}"#);
        train(&serde_json::from_str(&text).unwrap(), 40)
    };
    assert!(described(r#"{"kind": "tanh"}, {"kind": "affine"}"#).is_ok());
    let refused = |layers| described(layers).err().unwrap().to_string();
    let text = "images are 12x13 pixels; the network puts out 7 numbers for 2 classes";
    assert_eq!(refused(r#"{"kind": "affine", "outputs": 7}"#), text);
    let error = refused(r#"{"kind": "affine"}, {"kind": "step"}"#);
    assert!(error.contains("layer 1 (step) cannot be trained through: the step"), "{error}");
    let error =
        refused(r#"{"kind": "affine", "outputs": 1000}, {"kind": "affine", "outputs": 1000000}"#);
    assert!(error.contains("layer 1 (affine): it would have [1000000, 1000] weights"), "{error}");
}

/// What was written before there were more settings is read, and written as before.
#[test]
fn settings_that_are_not_used_are_not_written() {
    let text = serde_json::to_string(&CnnParams::default()).unwrap();
    assert!(text.ends_with(r#""patience":5,"max_shift":2}"#), "{text}");
    let params: CnnParams = serde_json::from_str(
        r#"{"network": "nin", "optimiser": {"kind": "nesterov"}, "schedule": {"kind": "one-cycle"},
            "sampling": "with-replacement", "augment": {"flip": true}}"#,
    )
    .unwrap();
    assert_eq!(params.optimiser, OptimiserParams::Nesterov { momentum: 0.9 });
    let written = serde_json::to_string(&params).unwrap();
    assert_eq!(serde_json::from_str::<CnnParams>(&written).unwrap(), params);
    assert!(serde_json::from_str::<CnnParams>(r#"{"augment": {"turn": 3}}"#).is_err());
}
