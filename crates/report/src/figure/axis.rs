//! Axes: which numbers they span and where their marks lie.

/// From a value to its place between 0 and 1.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// Values that are marked, ascending.
    pub ticks: Vec<f64>,
    /// Distance of neighbouring marks; the ratio of most neighbours on a logarithmic axis.
    pub step: f64,
}

impl Axis {
    /// Spans all finite `values` and about `marks` round steps; ends at `least` and `most`
    /// whatever is beyond them.
    pub(crate) fn linear(
        values: impl Iterator<Item = f64>,
        marks: f64,
        (least, most): (f64, f64),
    ) -> Self {
        let (low, high) = span(values).unwrap_or((0.0, 1.0));
        // Equal values need a width too.
        let width = (high - low).max(1e-6 * high.abs()).max(1e-9);
        let step = round_step(width / marks);
        let low = ((low / step).floor() * step).max(least);
        let high = ((high / step).ceil() * step).min(most);
        let high = if high > low { high } else { low + step };
        let first = (low / step - 1e-6).ceil() as i64;
        let last = (high / step + 1e-6).floor() as i64;
        let ticks = (first..=last).map(|k| k as f64 * step).collect();
        Self { low, high, logarithmic: false, ticks, step }
    }

    /// Spans all positive `values` on a logarithmic scale, with marks at powers of ten, or at 1,
    /// 2 and 5 times those if there would be few.
    pub(crate) fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = span(values.filter(|&value| value > 0.0)).unwrap_or((1.0, 10.0));
        let (low, high) = (low / 1.4, high * 1.4);
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let many = (high / low).log10() > 2.5;
        let steps: &[f64] = if many { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let ticks = (first..=last)
            .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)))
            .filter(|tick| (low..=high).contains(tick))
            .collect();
        Self { low, high, logarithmic: true, ticks, step: 10.0 }
    }

    /// Where a value lies: 0 at the low end, 1 at the high end; what is beyond lies at the end.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let place = |value: f64| if self.logarithmic { value.log10() } else { value };
        let (low, high) = (place(self.low), place(self.high));
        let share = (place(value) - low) / (high - low);
        // NaN (a loss that diverged) has no place; the end is as good as any.
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// Decimals that tell neighbouring marks apart when they are written times `factor`.
    pub(crate) fn decimals(&self, factor: f64) -> usize {
        let exponent = (self.step * factor).log10() + 1e-9;
        (-exponent.floor()).max(0.0) as usize
    }
}

fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |span, value| match span {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= step * 0.999);
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn linear_marks_are_round_and_span_the_values() {
        let axis = Axis::linear([0.83, 0.97].into_iter(), 4.0, (0.0, 1.0));
        assert!(close(&axis.ticks, &[0.8, 0.85, 0.9, 0.95, 1.0]), "{:?}", axis.ticks);
        assert_eq!((axis.share(0.9), axis.decimals(100.0), axis.decimals(1.0)), (0.5, 0, 2));
        assert_eq!((axis.share(2.0), axis.share(f64::NAN)), (1.0, 0.0));
    }

    #[test]
    fn no_mark_lies_beyond_the_limits() {
        let axis = Axis::linear((1..=18).map(f64::from), 5.0, (1.0, 18.0));
        assert!(close(&axis.ticks, &[5.0, 10.0, 15.0]), "{:?}", axis.ticks);
        assert_eq!((axis.share(1.0), axis.share(18.0)), (0.0, 1.0));
    }

    #[test]
    fn one_value_and_none_still_make_an_axis() {
        let one = Axis::linear([0.5].into_iter(), 4.0, ANY);
        assert!((0.0..=1.0).contains(&one.share(0.5)) && one.ticks.len() >= 2, "{one:?}");
        let at_the_end = Axis::linear([1.0].into_iter(), 4.0, (0.0, 1.0));
        assert!(at_the_end.ticks.len() >= 2, "{at_the_end:?}");
        assert!(Axis::linear(std::iter::empty(), 4.0, ANY).ticks.len() >= 2);
        assert!(Axis::logarithmic(std::iter::empty()).ticks.len() >= 2);
    }

    #[test]
    fn logarithmic_marks_are_powers_of_ten_or_finer() {
        let wide = Axis::logarithmic([0.002, 50.0].into_iter());
        assert!(close(&wide.ticks, &[0.01, 0.1, 1.0, 10.0]), "{:?}", wide.ticks);
        let narrow = Axis::logarithmic([1.0, 10.0].into_iter());
        assert!(close(&narrow.ticks, &[1.0, 2.0, 5.0, 10.0]), "{:?}", narrow.ticks);
        assert!((narrow.share(10_f64.sqrt()) - 0.5).abs() < 1e-9);
    }
}
