//! Two machines that share no code must find the same boundary.

use base::{Fit, Labels, Matrix, Seed};
use classic::{Gamma, KernelName, LinfaSvm, LinfaSvmParams, Svm, SvmParams};

/// Two overlapping classes of 80 rows with 5 features, in mixed order.
fn problem() -> (Matrix, Labels) {
    let noise = Seed(21).permutation(160 * 5);
    let ids: Vec<usize> = Seed(22).permutation(160).into_iter().map(|row| row % 2).collect();
    let x = Matrix::from_shape_fn((160, 5), |(row, column)| {
        noise[row * 5 + column] as f32 / 800.0 + 0.3 * ids[row] as f32 * (column % 2) as f32 - 0.5
    });
    let names = ["first", "second"].map(str::to_owned);
    (x, Labels::new(ids, &names).expect("two classes"))
}

#[test]
fn linfa_svm_draws_the_same_boundary() {
    let (x, y) = problem();
    for (kernel, gamma, c) in [
        (KernelName::Linear, Gamma::Auto, 1.0),
        (KernelName::Rbf, Gamma::Value(2.0), 10.0),
        (KernelName::Rbf, Gamma::Scale, 1.0),
        (KernelName::Polynomial, Gamma::Value(0.7), 5.0),
    ] {
        let ours = SvmParams { kernel, gamma, c, degree: 2, coef0: 1.0, ..Default::default() };
        let rival =
            LinfaSvmParams { kernel, gamma, c, degree: 2, coef0: 1.0, ..Default::default() };
        let ours: Box<dyn Fit<Matrix>> = Box::new(Svm::new(&ours).expect("valid"));
        let rival: Box<dyn Fit<Matrix>> = Box::new(LinfaSvm::new(&rival).expect("valid"));
        let [ours, rival] = [ours, rival].map(|recipe| {
            let model = recipe.fit(&x, &y, Seed(1)).expect("learns");
            model.scores(&x)
        });
        for (row, (a, b)) in ours.view().rows().into_iter().zip(rival.view().rows()).enumerate() {
            // Both stop with violations of up to 1e-3 left, each its own.
            assert!((a[1] - b[1]).abs() < 5e-3, "{kernel:?} row {row}: {} {}", a[1], b[1]);
        }
    }
}
