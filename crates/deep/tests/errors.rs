//! What goes wrong in training, and what is told of it.

use base::{FitError, Images, Labels, Seed};
use deep::{
    BatchNormParams, Cnn, CnnParams, LayerKind, LayerSpec, NetworkChoice, NetworkSpec,
    OptimiserParams, ScheduleParams,
};
use ndarray::Array4;

/// Three classes in turn; `pixel(row, y, x)` says what the images look like.
fn images(rows: usize, pixel: impl Fn(usize, usize, usize) -> u8) -> (Images, Labels) {
    let pixels = Array4::from_shape_fn((rows, 6, 6, 1), |(row, y, x, _)| pixel(row, y, x));
    let names = ["a", "b", "c"].map(str::to_owned);
    let labels = Labels::new((0..rows).map(|row| row % 3).collect(), &names).unwrap();
    (Images::new(pixels).unwrap(), labels)
}

fn noise(rows: usize) -> (Images, Labels) {
    images(rows, |row, y, x| ((row * 37 + y * 101 + x * 59) * 7919 % 251) as u8)
}

fn described(layers: &[LayerKind]) -> CnnParams {
    let layers = layers.iter().cloned().map(LayerSpec::from).collect();
    CnnParams {
        network: Some(NetworkChoice::Described(NetworkSpec { layers })),
        optimiser: OptimiserParams::Sgd {},
        schedule: ScheduleParams::Constant {},
        weight_decay: 0.0,
        epochs: 2,
        min_steps: 1,
        batch_size: 10,
        validation_share: 0.0,
        ..CnnParams::default()
    }
}

fn affine(outputs: Option<usize>) -> LayerKind {
    LayerKind::Affine(deep::AffineParams { outputs })
}

fn error(params: &CnnParams, (images, labels): &(Images, Labels)) -> FitError {
    Cnn::new(params).unwrap().train(images, labels, Seed(1)).err().expect("a failure")
}

/// All images are alike, so every map is constant, and each batch normalisation divides the
/// gradient by the root of its epsilon: 316 times as long, 20 times over, where the loss is still
/// the logarithm of the number of classes.
#[test]
fn gradients_that_explode_behind_a_finite_loss_are_an_error() {
    let mut layers = Vec::new();
    for _ in 0..20 {
        layers.extend([affine(Some(6)), LayerKind::BatchNorm(BatchNormParams::default())]);
    }
    layers.push(affine(None));
    let alike = images(30, |_, _, _| 7);
    let found = error(&described(&layers), &alike);
    assert!(matches!(found, FitError::ExplodingGradients { step: 0 }), "{found}");
    assert_eq!(
        found.to_string(),
        "the gradients of step 0 are not finite; try a smaller learning rate, or `clip_norm`"
    );
    // Fewer of them: long, but finite.
    let shallow = &layers[32..];
    let cnn = Cnn::new(&described(shallow)).unwrap();
    let mut training = cnn.start(&alike.0, &alike.1, Seed(1)).unwrap();
    let report = training.next_epoch().unwrap().unwrap();
    let norms = report.epoch.layers.iter().filter_map(|layer| layer.gradient_norm);
    assert!(norms.clone().all(f32::is_finite), "{report:?}");
}

#[test]
fn a_loss_that_is_not_a_number_names_the_step_and_the_cure() {
    let params = CnnParams { learning_rate: 1e30, ..described(&[affine(Some(8)), affine(None)]) };
    let found = error(&params, &noise(30));
    let FitError::Diverged { step, loss } = found else { panic!("{found}") };
    assert!((1..6).contains(&step) && !loss.is_finite(), "{step} {loss}");
    let text = found.to_string();
    assert!(text.ends_with("try a smaller learning rate"), "{text}");
    assert!(text.starts_with(&format!("training diverged in step {step}: the loss is ")), "{text}");
}

/// The last step of an epoch has no loss after it that would show what it did to the weights.
#[test]
fn weights_that_are_not_finite_at_the_end_of_an_epoch_are_an_error() {
    let params =
        CnnParams { learning_rate: 1e300, epochs: 1, batch_size: 30, ..described(&[affine(None)]) };
    let found = error(&params, &noise(30));
    assert!(matches!(found, FitError::Diverged { step: 0, .. }), "{found}");
}

#[test]
fn settings_and_rows_that_cannot_be_trained_on_are_told_apart() {
    let zero = Cnn::new(&CnnParams { epochs: 0, ..CnnParams::default() }).unwrap_err();
    assert_eq!(zero.to_string(), "`epochs` is 0, but must be at least 1");

    let cnn = Cnn::new(&described(&[affine(None)])).unwrap();
    let (images, labels) = noise(30);
    let (fewer, _) = noise(29);
    let found = cnn.train(&fewer, &labels, Seed(1)).err().unwrap();
    assert!(matches!(found, FitError::RowCount { rows: 29, labels: 30 }), "{found}");

    let wide = LayerKind::MaxPool(deep::PoolParams::new(7));
    let found = error(&described(&[wide, affine(None)]), &(images, labels));
    assert_eq!(
        found.to_string(),
        "images are 6x6 pixels; layer 0 (max-pool): its window covers 7 rows and columns, but its \
         input is 1 maps of 6x6"
    );
}

/// Batches of two rows of three classes: each lacks one, and that is no error.
#[test]
fn a_class_that_a_batch_lacks_is_counted_and_trained_on_all_the_same() {
    let (images, labels) = noise(30);
    let params = CnnParams { batch_size: 2, epochs: 3, ..described(&[affine(None)]) };
    let cnn = Cnn::new(&params).unwrap();
    let mut training = cnn.start(&images, &labels, Seed(1)).unwrap();
    while training.next_epoch().unwrap().is_some() {}
    for report in training.reports() {
        assert_eq!(report.incomplete_batches, 15);
    }
    let losses: Vec<f32> = training.reports().iter().map(|report| report.epoch.loss).collect();
    assert!(losses[2] < losses[0], "{losses:?}");
}
