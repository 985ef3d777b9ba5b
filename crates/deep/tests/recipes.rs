//! The recipes as a user meets them: promises, refusals, threads, sizes.

use base::{
    Convergence, Embedding, Fit, FitEmbedding, FitError, Images, Labels, Predict, Rows, Seed,
    ShapeError, Size,
};
use deep::{Cnn, CnnParams};
use ndarray::Array4;
use rand::RngExt;

const SMALL: Size = Size { height: 9, width: 8, channels: 1 };

/// Horizontal bars, vertical bars and plain noise in turn; the third class name has no row.
fn bars(n: usize, size: Size) -> (Images, Labels) {
    let mut rng = Seed(11).rng();
    let starts: Vec<usize> = (0..n).map(|_| rng.random_range(0..4)).collect();
    let pixels =
        Array4::from_shape_fn((n, size.height, size.width, size.channels), |(row, y, x, _)| {
            let along = if row % 2 == 0 { y } else { x };
            let bright = (along + starts[row]) % 4 < 2;
            rng.random_range(0..100_u8) + if bright { 100 } else { 0 }
        });
    let names = ["horizontal", "vertical", "absent"].map(str::to_owned);
    let labels = Labels::new((0..n).map(|row| row % 2).collect(), &names).unwrap();
    (Images::new(pixels).unwrap(), labels)
}

fn small() -> CnnParams {
    CnnParams {
        channels: vec![4, 6],
        embedding: 8,
        epochs: 4,
        min_steps: 40,
        batch_size: 20,
        ..CnnParams::default()
    }
}

fn cnn(params: &CnnParams) -> Cnn {
    Cnn::new(params).unwrap()
}

#[test]
fn the_network_keeps_the_promises_of_a_recipe() {
    let (images, labels) = bars(70, SMALL);
    eval::contract::check(&cnn(&small()), &images, &labels);
}

#[test]
fn the_embedding_belongs_to_the_same_network_and_does_not_depend_on_the_other_rows() {
    let (images, labels) = bars(70, SMALL);
    let embedding = cnn(&small()).fit_embedding(&images, &labels, Seed(5)).unwrap();
    let network = cnn(&small()).fit(&images, &labels, Seed(5)).unwrap();
    assert_eq!(embedding.scores(&images), network.scores(&images));
    let features = embedding.embed(&images);
    assert_eq!(features.dim(), (70, 8));
    assert!(features.iter().all(|&value| value >= 0.0));
    assert_eq!(embedding.embed(&images.pick(&[42])).row(0), features.row(42));
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    // More images per batch than one piece of work holds, and a last piece that is not full.
    let params = CnnParams { batch_size: 40, min_steps: 10, ..small() };
    let (images, labels) = bars(90, SMALL);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let model = cnn(&params).train(&images, &labels, Seed(3)).unwrap();
            (model.embed(&images), model.scores(&images), model.summary())
        })
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn scores_are_probabilities_and_other_seeds_give_other_networks() {
    let (images, labels) = bars(40, SMALL);
    let scores = |seed| cnn(&small()).fit(&images, &labels, seed).unwrap().scores(&images);
    let first = scores(Seed(1));
    for row in first.view().rows() {
        assert!((row.sum() - 1.0).abs() < 1e-6 && row.iter().all(|p| (0.0..=1.0).contains(p)));
    }
    assert_ne!(first, scores(Seed(2)));
}

#[test]
fn every_size_from_the_kernels_up_can_be_learned_from() {
    let sizes = [(3, 3, 1), (3, 17, 3), (7, 4, 1), (40, 5, 3)];
    for (height, width, channels) in sizes {
        let size = Size { height, width, channels };
        let (images, labels) = bars(12, size);
        let params = CnnParams { channels: vec![2; 5], min_steps: 2, ..small() };
        let model = cnn(&params).train(&images, &labels, Seed(1)).unwrap();
        assert_eq!(model.scores(&images).view().dim(), (12, 3), "{size}");
        assert_eq!(model.embed(&images).dim(), (12, 8), "{size}");
    }
    let size = Size { height: 3, width: 2, channels: 1 };
    let error = cnn(&small()).check(size).unwrap_err();
    assert!(matches!(error, ShapeError::TooSmall { width: 2, min_width: 3, .. }), "{error}");
    let (images, labels) = bars(12, size);
    let error = cnn(&small()).fit(&images, &labels, Seed(1)).err().unwrap();
    assert!(matches!(error, FitError::Shape(ShapeError::TooSmall { .. })), "{error}");
}

#[test]
fn settings_out_of_range_are_named() {
    let refused = |change: fn(&mut CnnParams)| {
        let mut params = CnnParams::default();
        change(&mut params);
        Cnn::new(&params).unwrap_err().name
    };
    assert_eq!(refused(|p| p.channels = vec![]), "channels");
    assert_eq!(refused(|p| p.channels = vec![8, 0]), "channels");
    assert_eq!(refused(|p| p.channels = vec![100_000_000]), "channels");
    assert_eq!(refused(|p| p.kernel_size = 4), "kernel_size");
    assert_eq!(refused(|p| p.embedding = 0), "embedding");
    assert_eq!(refused(|p| p.embedding = usize::MAX), "embedding");
    assert_eq!(refused(|p| p.epochs = 0), "epochs");
    assert_eq!(refused(|p| p.batch_size = 1), "batch_size");
    assert_eq!(refused(|p| p.learning_rate = 0.0), "learning_rate");
    assert_eq!(refused(|p| p.learning_rate = f64::NAN), "learning_rate");
    assert_eq!(refused(|p| p.weight_decay = -1.0), "weight_decay");
    assert_eq!(refused(|p| p.validation_share = 0.6), "validation_share");
    assert_eq!(refused(|p| p.patience = 0), "patience");
    assert!(serde_json::from_str::<CnnParams>(r#"{"epoch": 3}"#).is_err(), "unknown setting");
}

#[test]
fn one_class_is_refused_and_a_loss_that_explodes_is_reported() {
    let (images, labels) = bars(20, SMALL);
    let single = Labels::new(vec![2; 20], labels.classes()).unwrap();
    let error = cnn(&small()).fit(&images, &single, Seed(1)).err().unwrap();
    assert!(matches!(error, FitError::TooFewClasses { found: 1 }), "{error}");

    let wild = CnnParams { learning_rate: 1e38, ..small() };
    let error = cnn(&wild).fit(&images, &labels, Seed(1)).err().unwrap();
    assert!(matches!(error, FitError::Diverged { .. }), "{error}");
}

#[test]
fn training_stops_when_the_loss_on_held_out_rows_stays_up() {
    let (images, labels) = bars(80, SMALL);
    // Labels that say nothing about the images: the loss on held-out rows soon rises.
    let coin = Seed(4).permutation(80);
    let labels = Labels::new(coin.iter().map(|i| i % 2).collect(), labels.classes()).unwrap();
    let params =
        CnnParams { epochs: 60, patience: 4, min_steps: 1, learning_rate: 0.01, ..small() };
    let summary = cnn(&params).train(&images, &labels, Seed(1)).unwrap().summary();
    let Convergence::EarlyStopped { iterations, best } = summary.convergence else {
        panic!("not stopped early: {:?}", summary.convergence);
    };
    assert_eq!((summary.curve.len() as u64, iterations), (iterations, best + 4));
    let losses = summary.curve.iter().map(|epoch| epoch.validation_loss.unwrap());
    let lowest = losses.clone().fold(f32::INFINITY, f32::min);
    assert_eq!(losses.clone().nth(best as usize - 1), Some(lowest));
}

#[test]
fn a_network_that_runs_all_epochs_has_completed_its_plan() {
    let (images, labels) = bars(40, SMALL);
    let params = CnnParams { epochs: 3, min_steps: 1, ..small() };
    let summary = cnn(&params).train(&images, &labels, Seed(1)).unwrap().summary();
    assert_eq!(summary.convergence, Convergence::Completed { iterations: 3 });
    assert_eq!(summary.curve.len(), 3);
    // Six rows would be held out: too few.
    assert!(summary.curve.iter().all(|epoch| epoch.validation_loss.is_none()));
}

#[test]
fn model_bytes_count_what_prediction_needs() {
    let (images, labels) = bars(40, SMALL);
    let params = CnnParams { min_steps: 1, epochs: 1, ..small() };
    // 9x8 -> 4x4 -> 2x2. Convolutions, 4 numbers per normalised map, embedding, classes, mean and
    // deviation of the pixels.
    let network = (9 * 4 + 4 * 4) + (4 * 9 * 6 + 4 * 6) + (6 * 4 * 8 + 8) + (8 * 3 + 3) + 2;
    let summary = cnn(&params).fit(&images, &labels, Seed(1)).unwrap().summary();
    assert_eq!(summary.model_bytes, 4 * network);
    let embedding = cnn(&params).fit_embedding(&images, &labels, Seed(1)).unwrap();
    assert_eq!(embedding.embedding_bytes(), 4 * (network - (8 * 3 + 3)));
}
