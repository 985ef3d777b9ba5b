//! Felzenszwalb's HOG: dlib and VLFeat.

use super::{Case, Outcome};
use anyhow::{Context, Result, bail};
use features::{Extract, Fhog, FhogParams, ShapeError, Size, VlHog, VlHogParams, VlHogVariant};
use serde_json::Value;

/// Arguments are those of the program that asks the libraries: `dlib CELL PAD_ROWS PAD_COLUMNS` or
/// `vlhog VARIANT CELL ORIENTATIONS BILINEAR`.
pub(super) fn check(case: &Case) -> Result<Outcome> {
    let args: Vec<Value> = case.param("args")?;
    let number = |place: usize| -> Result<usize> {
        let number = args.get(place).and_then(Value::as_u64);
        Ok(number.with_context(|| format!("argument {place} of {args:?}"))? as usize)
    };
    let word = |place: usize| args.get(place).and_then(Value::as_str).unwrap_or_default();
    match word(0) {
        "dlib" => {
            let params =
                FhogParams { cell_size: number(1)?, filter_padding: [number(2)?, number(3)?] };
            let fhog = Fhog::new(&params)?;
            compare(case, &fhog, |size| fhog.shape(size))
        }
        "vlhog" => {
            let hog = VlHog::new(&VlHogParams {
                variant: match word(1) {
                    "uoctti" => VlHogVariant::Uoctti,
                    _ => VlHogVariant::DalalTriggs,
                },
                cell_size: number(2)?,
                orientations: number(3)?,
                bilinear_orientations: number(4)? != 0,
            })?;
            compare(case, &hog, |size| hog.shape(size))
        }
        other => bail!("the library `{other}` is not known"),
    }
}

fn compare(
    case: &Case,
    extractor: &dyn Extract,
    shape: impl Fn(Size) -> Result<[usize; 3], ShapeError>,
) -> Result<Outcome> {
    let picture = case.picture()?;
    let (height, width, channels) = picture.dim();
    match shape(Size { height, width, channels }) {
        Ok(shape) => case.compare(&shape, &features::describe(extractor, picture.view())?),
        // Where there is an error here, dlib gives an array without rows and columns.
        Err(ShapeError::TooSmall { .. }) => case.compare(&[0, 0, 31], &[0.0_f32; 0]),
        Err(error) => Err(error.into()),
    }
}
