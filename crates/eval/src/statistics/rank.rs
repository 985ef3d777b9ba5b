//! Ranks, with ties averaged.

/// Ranks from 1, the smallest value first; values within `rounding` of the next smaller one share
/// the mean of their ranks. Also the sum of `t^3 - t` over the sizes `t` of the ties.
///
/// For finite values.
pub(crate) fn ranks(values: &[f64], rounding: f64) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].partial_cmp(&values[b]).expect("finite"));
    let (mut ranks, mut ties) = (vec![0.0; values.len()], 0.0);
    let mut start = 0;
    for tied in order.chunk_by(|&a, &b| values[b] - values[a] <= rounding) {
        let size = tied.len() as f64;
        for &index in tied {
            ranks[index] = start as f64 + (size + 1.0) / 2.0;
        }
        start += tied.len();
        ties += size * size * size - size;
    }
    (ranks, ties)
}
