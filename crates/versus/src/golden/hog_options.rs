//! HOG with any options: the script that writes the cases.

use super::{Case, Outcome};
use anyhow::Result;
use features::{Colour, Hog};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let hog = Hog::new(&case.params()?)?;
    let picture = case.picture()?;
    let (height, width, channels) = picture.dim();
    let descriptors = match hog.params().colour {
        Colour::MaxMagnitude => 1,
        Colour::PerChannel => channels,
    };
    let [a, b, c, d, e] = hog.shape(features::Size { height, width, channels })?;
    case.compare(&[descriptors, a, b, c, d, e], &hog.describe(picture.view())?)
}
