//! The codes of an image, worked out strip by strip.

use super::label::{LbpMethod, lbp_label_count};
use super::ring::{InBytes, Layout, Ring};
use super::strips::{Border, Strip, for_each_strip};
use crate::kernels::Simd;
use crate::kernels::lbp as kernels;
use base::ParamError;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

/// Which points around a pixel are compared with it, and which codes count as the same. Checked
/// when it is made.
///
/// ```
/// use features::{LbpMethod, LbpOperator, LbpScratch};
/// let image = ndarray::Array2::from_elem((30, 40), 7_u8);
/// let operator = LbpOperator::circle(8, 1.0, LbpMethod::Uniform).unwrap();
/// let (mut labels, mut scratch) = (ndarray::Array2::zeros((30, 40)), LbpScratch::default());
/// operator.labels_into(image.view(), labels.view_mut(), &mut scratch).unwrap();
/// // Inside all points are as bright as the centre, in a corner only three in a row.
/// assert_eq!((labels[[15, 20]], labels[[0, 0]]), (8_u8, 3));
/// ```
#[derive(Debug, Clone)]
pub struct LbpOperator {
    ring: Ring,
    method: LbpMethod,
}

/// Memory that [`LbpOperator`] works in; one may serve any number of operators and images.
#[derive(Debug, Default)]
pub struct LbpScratch {
    layout: Layout,
    bytes: Vec<u8>,
    floats: Vec<f64>,
    codes: Codes,
}

/// Codes of a strip, as wide as they need to be.
#[derive(Debug, Default)]
pub(super) struct Codes {
    narrow: Vec<u8>,
    middle: Vec<u16>,
    wide: Vec<u32>,
}

/// Grey levels that codes are worked out from without rounding: `u8` and `u16`.
pub trait LbpLevel: Copy + Into<f64> + sealed::Level {}
impl LbpLevel for u8 {}
impl LbpLevel for u16 {}

/// Numbers that labels are written as: `u8`, `u16` and `u32`.
pub trait LbpLabel: Copy + Default + sealed::Label {}
impl LbpLabel for u8 {}
impl LbpLabel for u16 {}
impl LbpLabel for u32 {}

impl LbpOperator {
    /// The eight neighbours of a pixel, counter-clockwise from the right.
    ///
    /// ```text
    /// 3  2  1
    /// 4  c  0
    /// 5  6  7
    /// ```
    pub fn square(method: LbpMethod) -> Self {
        Self { ring: Ring::square(), method }
    }

    /// Points on a circle of `radius` pixels, counter-clockwise from the right; see
    /// [`crate::lbp_codes`].
    ///
    /// # Errors
    /// If `points` is not from 1 to 31, or `radius` not above 0 and at most 100.
    pub fn circle(points: usize, radius: f64, method: LbpMethod) -> Result<Self, ParamError> {
        Ok(Self { ring: Ring::new(points, radius)?, method })
    }

    /// Number of points, which is the number of bits of a code.
    pub fn points(&self) -> usize {
        self.ring.points()
    }

    /// Number of labels, which run from 0; see [`lbp_label_count`].
    pub fn label_count(&self) -> usize {
        lbp_label_count(self.points(), self.method)
    }

    /// How far from a pixel others are looked at, in pixels.
    pub fn margin(&self) -> usize {
        self.ring.margin()
    }

    /// The label of every pixel of a grey image, shape `(height, width)`. Outside the image
    /// brightness is 0.
    pub fn labels<T: LbpLevel>(&self, image: ArrayView2<'_, T>) -> Array2<u32> {
        let mut labels = Array2::zeros(image.dim());
        let written = self.labels_into(image, labels.view_mut(), &mut LbpScratch::default());
        written.expect("32 bits hold every label, and the shapes are equal");
        labels
    }

    /// As [`Self::labels`], written into `out`, which has the shape of the image. Nothing is
    /// allocated once `scratch` has served for an image as large.
    ///
    /// # Errors
    /// If `out` has another shape, or its numbers cannot hold [`Self::label_count`] labels.
    pub fn labels_into<T: LbpLevel, L: LbpLabel>(
        &self,
        image: ArrayView2<'_, T>,
        mut out: ArrayViewMut2<'_, L>,
        scratch: &mut LbpScratch,
    ) -> Result<(), ParamError> {
        if out.dim() != image.dim() {
            let (height, width) = out.dim();
            return Err(ParamError::new(
                "out",
                format!("{height}x{width}"),
                "as large as the image",
            ));
        }
        let last = u32::try_from(self.label_count() - 1).expect("a label has at most 31 bits");
        if L::of(last).into() != last {
            return Err(ParamError::new("points", self.points(), "fewer, or labels of more bits"));
        }
        self.visit(image, Border::Zeros, scratch, &mut Write { out: &mut out });
        Ok(())
    }

    /// Shows the labels to `visitor` row by row.
    pub(super) fn visit<T: LbpLevel>(
        &self,
        image: ArrayView2<'_, T>,
        border: Border,
        scratch: &mut LbpScratch,
        visitor: &mut impl Visitor,
    ) {
        if let (Some(image), Some(how)) = (T::bytes(image), self.ring.in_bytes()) {
            return self.visit_bytes(image, how, border, scratch, visitor);
        }
        match self.points() {
            0..=8 => self.visit_exact::<T, u8>(image, border, scratch, visitor),
            9..=16 => self.visit_exact::<T, u16>(image, border, scratch, visitor),
            17.. => self.visit_exact::<T, u32>(image, border, scratch, visitor),
        }
    }

    /// Eight points at most, which bytes are enough for.
    fn visit_bytes(
        &self,
        image: ArrayView2<'_, u8>,
        how: InBytes,
        border: Border,
        scratch: &mut LbpScratch,
        visitor: &mut impl Visitor,
    ) {
        let LbpScratch { layout, bytes, codes: Codes { narrow: codes, .. }, .. } = scratch;
        let simd = Simd::best();
        let copy = |row: ArrayView1<'_, u8>, out: &mut [u8]| copy_row(row, out);
        for_each_strip(image, self.margin(), border, bytes, copy, |strip| {
            codes.resize(strip.run(), 0);
            let Strip { levels, start, stride, .. } = strip;
            match how {
                InBytes::Square => kernels::square_codes(simd, levels, start, stride, codes),
                InBytes::Circle { ratio } => {
                    kernels::circle_codes(simd, levels, start, stride, ratio, codes);
                }
                InBytes::Pixels => {
                    self.ring.lay_out(start, stride, layout);
                    kernels::pixel_codes(simd, levels, start, &layout.pixels, codes);
                }
            }
            self.show(simd, &strip, codes, visitor);
        });
    }

    fn visit_exact<T: LbpLevel, C: Code>(
        &self,
        image: ArrayView2<'_, T>,
        border: Border,
        scratch: &mut LbpScratch,
        visitor: &mut impl Visitor,
    ) {
        let LbpScratch { layout, floats, codes, .. } = scratch;
        let codes = C::buffer(codes);
        let simd = Simd::best();
        let copy = |row: ArrayView1<'_, T>, out: &mut [f64]| T::widen(row, out);
        for_each_strip(image, self.margin(), border, floats, copy, |strip| {
            codes.resize(strip.run(), C::default());
            self.ring.lay_out(strip.start, strip.stride, layout);
            C::exact(simd, &strip, layout, codes);
            self.show(simd, &strip, codes, visitor);
        });
    }

    /// Turns the codes of a strip into labels, and shows these to `visitor`.
    fn show<T, C: Code>(
        &self,
        simd: Simd,
        strip: &Strip<'_, T>,
        codes: &mut [C],
        visitor: &mut impl Visitor,
    ) {
        C::label(simd, self.method, self.points() as u32, codes);
        for (y, labels) in strip.rows(codes) {
            visitor.row(y, labels);
        }
    }
}

/// Sees labels row by row.
pub(super) trait Visitor {
    /// Row `y` of the results.
    fn row<C: Code>(&mut self, y: usize, labels: &[C]);
}

/// Writes labels into an array.
struct Write<'a, 'o, L> {
    out: &'a mut ArrayViewMut2<'o, L>,
}

impl<L: LbpLabel> Visitor for Write<'_, '_, L> {
    fn row<C: Code>(&mut self, y: usize, labels: &[C]) {
        let mut row = self.out.row_mut(y);
        match row.as_slice_mut() {
            Some(row) => {
                for (out, &label) in row.iter_mut().zip(labels) {
                    *out = L::of(label.into());
                }
            }
            None => {
                for (out, &label) in row.iter_mut().zip(labels) {
                    *out = L::of(label.into());
                }
            }
        }
    }
}

/// Copies a row of an image.
pub(super) fn copy_row<T: Copy>(row: ArrayView1<'_, T>, out: &mut [T]) {
    match row.as_slice() {
        Some(row) => out.copy_from_slice(row),
        None => out.iter_mut().zip(row).for_each(|(out, &level)| *out = level),
    }
}

/// A code as wide as its points need.
pub(super) trait Code: Copy + Default + Into<u32> {
    fn buffer(codes: &mut Codes) -> &mut Vec<Self>;
    fn exact(simd: Simd, strip: &Strip<'_, f64>, layout: &Layout, codes: &mut [Self]);
    fn label(simd: Simd, method: LbpMethod, points: u32, codes: &mut [Self]);
}

macro_rules! code {
    ($code:ty, $buffer:ident, $exact:ident, $ror:ident, $uniform:ident, $nri_uniform:ident) => {
        impl Code for $code {
            fn buffer(codes: &mut Codes) -> &mut Vec<Self> {
                &mut codes.$buffer
            }

            fn exact(simd: Simd, strip: &Strip<'_, f64>, layout: &Layout, codes: &mut [Self]) {
                let Layout { pixels, between } = layout;
                kernels::$exact(simd, strip.levels, strip.start, pixels, between, codes);
            }

            fn label(simd: Simd, method: LbpMethod, points: u32, codes: &mut [Self]) {
                match method {
                    LbpMethod::Default => {}
                    LbpMethod::Ror => kernels::$ror(simd, codes, points),
                    LbpMethod::Uniform => kernels::$uniform(simd, codes, points),
                    LbpMethod::NriUniform => kernels::$nri_uniform(simd, codes, points),
                }
            }
        }
    };
}
code!(u8, narrow, exact_codes_u8, ror_u8, uniform_u8, nri_uniform_u8);
code!(u16, middle, exact_codes_u16, ror_u16, uniform_u16, nri_uniform_u16);
code!(u32, wide, exact_codes_u32, ror_u32, uniform_u32, nri_uniform_u32);

/// What [`LbpLevel`] and [`LbpLabel`] can do, which is nobody else's business.
mod sealed {
    use crate::kernels::{Simd, lbp::widen_f64};
    use ndarray::{ArrayView1, ArrayView2};

    pub trait Level: Sized {
        /// The image itself if its levels are bytes.
        fn bytes(image: ArrayView2<'_, Self>) -> Option<ArrayView2<'_, u8>>;
        fn widen(row: ArrayView1<'_, Self>, out: &mut [f64]);
    }

    impl Level for u8 {
        fn bytes(image: ArrayView2<'_, Self>) -> Option<ArrayView2<'_, u8>> {
            Some(image)
        }

        fn widen(row: ArrayView1<'_, Self>, out: &mut [f64]) {
            match row.as_slice() {
                Some(row) => widen_f64(Simd::best(), row, out),
                None => out.iter_mut().zip(row).for_each(|(out, &level)| *out = f64::from(level)),
            }
        }
    }

    impl Level for u16 {
        fn bytes(_: ArrayView2<'_, Self>) -> Option<ArrayView2<'_, u8>> {
            None
        }

        fn widen(row: ArrayView1<'_, Self>, out: &mut [f64]) {
            out.iter_mut().zip(row).for_each(|(out, &level)| *out = f64::from(level));
        }
    }

    pub trait Label: Into<u32> {
        /// The lowest bits of a label.
        fn of(label: u32) -> Self;
    }

    macro_rules! label {
        ($($label:ty)*) => {$(
            impl Label for $label {
                fn of(label: u32) -> Self {
                    label as Self
                }
            }
        )*};
    }
    label!(u8 u16 u32);
}
