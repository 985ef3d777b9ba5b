//! Felzenszwalb's HOG: dlib and VLFeat.

use super::{Case, Outcome};
use anyhow::{Context, Result, bail, ensure};
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
    let count = |count: usize| -> Result<()> {
        ensure!(args.len() == count, "{} arguments: {args:?}", args.len());
        Ok(())
    };
    match word(0) {
        "dlib" => {
            count(4)?;
            let params =
                FhogParams { cell_size: number(1)?, filter_padding: [number(2)?, number(3)?] };
            let fhog = Fhog::new(&params)?;
            compare(case, &fhog, |size| match fhog.shape(size) {
                // Where there is an error here, dlib gives an array without rows and columns.
                Err(ShapeError::TooSmall { .. }) => Ok([0, 0, 31]),
                shape => shape,
            })
        }
        "vlhog" => {
            count(5)?;
            let params = VlHogParams {
                variant: match word(1) {
                    "uoctti" => VlHogVariant::Uoctti,
                    "dt" => VlHogVariant::DalalTriggs,
                    other => bail!("the variant `{other}` is not known"),
                },
                cell_size: number(2)?,
                orientations: number(3)?,
                bilinear_orientations: number(4)? != 0,
            };
            let hog = VlHog::new(&params)?;
            compare(case, &hog, |size| match hog.shape(size) {
                // Where there is an error here, VLFeat gives an array without rows or columns.
                Err(ShapeError::TooSmall { .. }) => {
                    let cells = |side: usize| (side + params.cell_size / 2) / params.cell_size;
                    Ok([cells(size.height), cells(size.width), hog.cell_length()])
                }
                shape => shape,
            })
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
    let shape = shape(Size { height, width, channels })?;
    match shape.contains(&0) {
        true => case.compare(&shape, &[0.0_f32; 0]),
        false => case.compare(&shape, &features::describe(extractor, picture.view())?),
    }
}
