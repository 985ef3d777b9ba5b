//! What every map promises.

use super::*;
use crate::check::samples::{clouds, in_threads};
use crate::kernel::KernelName;
use crate::{NearestMean, NearestNeighbours, NearestNeighboursParams, Svm, SvmParams};

/// One of each kind, with settings that a small problem can bear.
fn all() -> Vec<(&'static str, Box<dyn Transform>)> {
    let few = Components::Count(3);
    let kernel = |kernel| NystroemParams { kernel, components: 20, ..Default::default() };
    let nystroem = |name| -> Box<dyn Transform> { Box::new(Nystroem::new(&kernel(name)).unwrap()) };
    let l1 = NormaliseRowsParams { norm: RowNorm::L1 };
    let fourier = RandomFourierParams { components: 64, ..Default::default() };
    let pca = PcaParams { components: few, ..Default::default() };
    let whitened = PcaParams { components: Components::Share(0.9), whiten: true };
    let shrunken = LdaParams { shrinkage: 0.3 };
    let chain: Vec<Box<dyn Transform>> = vec![
        Box::new(Hellinger),
        Box::new(Standardise),
        Box::new(Nystroem::new(&kernel(KernelName::Rbf)).unwrap()),
    ];
    vec![
        ("standardise", Box::new(Standardise)),
        ("min-max", Box::new(MinMax::new(&MinMaxParams::default()).unwrap())),
        ("l2", Box::new(NormaliseRows::new(&NormaliseRowsParams::default()))),
        ("l1", Box::new(NormaliseRows::new(&l1))),
        ("hellinger", Box::new(Hellinger)),
        ("pca", Box::new(Pca::new(&pca).unwrap())),
        ("whitened", Box::new(Pca::new(&whitened).unwrap())),
        ("lda", Box::new(Lda::new(&LdaParams::default()).unwrap())),
        ("shrunken", Box::new(Lda::new(&shrunken).unwrap())),
        ("linear", nystroem(KernelName::Linear)),
        ("polynomial", nystroem(KernelName::Polynomial)),
        ("rbf", nystroem(KernelName::Rbf)),
        ("sigmoid", nystroem(KernelName::Sigmoid)),
        ("fourier", Box::new(RandomFourier::new(&fourier).unwrap())),
        ("chain", Box::new(Chain::new(chain))),
        ("nothing", Box::new(Chain::default())),
    ]
}

fn svm() -> Box<dyn Fit<Matrix>> {
    let params = SvmParams { kernel: KernelName::Linear, c: 10.0, ..Default::default() };
    Box::new(Svm::new(&params).unwrap())
}

#[test]
fn every_transform_keeps_the_contract_before_a_machine() {
    let (x, y) = clouds(3, 20);
    for (_, transform) in all() {
        eval::contract::check(&Transformed::new(transform, svm()), &x, &y);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (x, y) = clouds(3, 150);
    for (name, transform) in all() {
        let map = || transform.learn(&x, &y, Seed(3)).unwrap().apply(&x);
        let (one, two) = (in_threads(1, map), in_threads(2, map));
        assert_eq!(one, two, "{name}");
        assert!(one.iter().all(|value| value.is_finite()), "{name}");
    }
}

/// A map that looked at the rows it is given would change with them.
#[test]
fn rows_to_map_change_nothing() {
    let (x, y) = clouds(3, 20);
    let mut longer = x.clone();
    longer.push_row(ndarray::aview1(&[1e20, -1e20, 0.0, 0.0])).unwrap();
    longer.push_row(ndarray::aview1(&[f32::MAX, f32::MIN, 1.0, 0.0])).unwrap();
    for (name, transform) in all() {
        let map = transform.learn(&x, &y, Seed(3)).unwrap();
        let (alone, beside) = (map.apply(&x), map.apply(&longer));
        assert_eq!(alone, beside.slice(ndarray::s![..60, ..]), "{name}");
        let row = map.apply(&x.slice(ndarray::s![7..8, ..]).to_owned());
        assert_eq!(alone.row(7), row.row(0), "{name}");
        assert!(beside.iter().all(|value| value.is_finite()), "{name}");
        assert_eq!(map.apply(&Matrix::zeros((0, 4))).nrows(), 0, "{name}: no row");
    }
}

#[test]
fn errors_name_the_value_before_the_map() {
    let (mut x, y) = clouds(2, 20);
    x[[4, 2]] = f32::INFINITY;
    for (name, transform) in all() {
        let error = transform.learn(&x, &y, Seed(1)).err().unwrap().to_string();
        assert!(error.contains("row 4, column 2 is inf"), "{name}: {error}");
        let error = Transformed::new(transform, svm()).fit(&x, &y, Seed(1)).err().unwrap();
        assert!(error.to_string().contains("row 4, column 2 is inf"), "{name}: {error}");
    }
}

/// Constant columns, a column of zeros, and fewer rows than features.
#[test]
fn constant_columns_and_few_rows_are_fine() {
    let (x, y) = clouds(2, 4);
    let mut wide = Matrix::from_elem((8, 12), 0.1);
    wide.slice_mut(ndarray::s![.., 3..7]).assign(&x);
    wide.column_mut(11).fill(0.0);
    for (name, transform) in all() {
        let mapped = transform.learn(&wide, &y, Seed(1)).unwrap().apply(&wide);
        assert!(mapped.iter().all(|value| value.is_finite()), "{name}");
        let mean = Transformed::new(transform, Box::new(NearestMean));
        let predicted = mean.fit(&wide, &y, Seed(1)).unwrap().scores(&wide).predicted();
        assert_eq!(predicted, y.ids(), "{name}");
    }
}

#[test]
fn equal_rows_are_mapped_or_refused_in_words() {
    let (_, y) = clouds(2, 6);
    let x = Matrix::from_elem((12, 4), 0.3);
    for (name, transform) in all() {
        match transform.learn(&x, &y, Seed(1)) {
            Ok(map) => assert!(map.apply(&x).iter().all(|value| value.is_finite()), "{name}"),
            Err(error) => {
                assert!(["pca", "whitened", "lda", "shrunken"].contains(&name), "{name}");
                let error = error.to_string();
                assert!(error.contains("all training rows are equal"), "{name}: {error}");
            }
        }
    }
}

/// A chain is what its links are one after the other.
#[test]
fn a_chain_learns_from_mapped_rows() {
    let (x, y) = clouds(3, 20);
    let first = Hellinger.learn(&x, &y, Seed(1)).unwrap();
    let second = Standardise.learn(&first.apply(&x), &y, Seed(1)).unwrap();
    let chain = Chain::new(vec![Box::new(Hellinger), Box::new(Standardise)]);
    let chain = chain.learn(&x, &y, Seed(1)).unwrap();
    assert_eq!(chain.apply(&x), second.apply(&first.apply(&x)));
    assert_eq!(chain.bytes(), first.bytes() + second.bytes());
}

#[test]
fn the_map_counts_as_part_of_the_model() {
    let (x, y) = clouds(2, 10);
    let nearest = || NearestNeighbours::new(&NearestNeighboursParams { k: 1 }).unwrap();
    let bare = nearest().fit(&x, &y, Seed(1)).unwrap().summary();
    let recipe = Transformed::new(Box::new(Standardise), Box::new(nearest()));
    let behind = recipe.fit(&x, &y, Seed(1)).unwrap().summary();
    // A mean and a factor of 8 bytes for each of 4 columns.
    assert_eq!(behind.model_bytes, bare.model_bytes + 64);
}

/// Rows without a feature are all equal.
#[test]
fn rows_without_features_are_mapped_or_refused_in_words() {
    let (_, y) = clouds(2, 6);
    let x = Matrix::zeros((12, 0));
    for (name, transform) in all() {
        match transform.learn(&x, &y, Seed(1)) {
            Ok(map) => assert_eq!(map.apply(&x).nrows(), 12, "{name}"),
            Err(error) => assert!(error.to_string().contains("transform: "), "{name}: {error}"),
        }
    }
}
