//! Integral images: `cv2.integral3`.

use super::{Case, Outcome};
use anyhow::{Result, bail};
use features::{Integral, TiltedIntegral};
use ndarray::{ArrayView2, Axis};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let kind: String = case.param("kind")?;
    let table: fn(ArrayView2<'_, u8>) -> Result<Vec<f64>> = match kind.as_str() {
        "sum" => |levels| Ok(numbers(Integral::<u32>::of(levels)?.view())),
        "sqsum" => |levels| Ok(numbers(Integral::<f64>::squares(levels)?.view())),
        "tilted" => |levels| Ok(numbers(TiltedIntegral::<u32>::of(levels)?.view())),
        other => bail!("integral images of kind `{other}` are not here"),
    };
    let picture = case.picture()?;
    let (height, width, channels) = picture.dim();
    let tables: Result<Vec<Vec<f64>>> = picture.axis_iter(Axis(2)).map(table).collect();
    let tables = tables?;
    // All channels of a place lie together there, and numpy leaves out those of a grey image.
    let places = (height + 1) * (width + 1);
    let together = (0..places).flat_map(|place| tables.iter().map(move |table| table[place]));
    let together: Vec<f64> = together.collect();
    match channels {
        1 => case.compare(&[height + 1, width + 1], &together),
        _ => case.compare(&[height + 1, width + 1, channels], &together),
    }
}

fn numbers<T: Copy + Into<f64>>(table: ArrayView2<'_, T>) -> Vec<f64> {
    table.iter().map(|&sum| sum.into()).collect()
}
