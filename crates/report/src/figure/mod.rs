//! Figures: a list of shapes, drawn as SVG for the page and as PNG for slides and papers.

pub(crate) mod axis;
pub(crate) mod canvas;
mod draw;
pub(crate) mod font;
pub(crate) mod plot;

use crate::text;
use crate::write::ReportError;
use canvas::Canvas;
use maud::{Markup, PreEscaped, html};

/// Pixels of the PNG per unit of the figure.
pub(crate) const PNG_SCALE: u32 = 2;

/// A drawn figure.
#[derive(Debug)]
pub(crate) struct Figure {
    /// Name of its files without the extension.
    pub stem: String,
    /// What it shows, for those who do not see it.
    alt: String,
    size: (u32, u32),
    /// What lies inside the `svg` element, as plotters writes (and escapes) it.
    svg: String,
    pub png: Vec<u8>,
}

impl Figure {
    /// Draws a canvas twice. The stem must be fit for a file name.
    ///
    /// # Errors
    /// If the drawing library fails.
    pub(crate) fn new(stem: String, alt: &str, canvas: &Canvas) -> Result<Self, ReportError> {
        let drawn = draw::svg(canvas).and_then(|svg| Ok((svg, draw::png(canvas)?)));
        match drawn {
            Ok((svg, png)) => {
                let (alt, size) = (text::printable(alt), canvas.size());
                Ok(Self { stem, alt, size, svg, png })
            }
            Err(source) => Err(ReportError::Figure { stem, source }),
        }
    }

    /// Where a file of the figure lies below the run directory.
    pub(crate) fn path(&self, extension: &str) -> String {
        format!("figures/{}.{extension}", self.stem)
    }

    /// The figure as a file of its own.
    pub(crate) fn svg_file(&self) -> String {
        let svg = self.svg_element(Some("http://www.w3.org/2000/svg"));
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", svg.into_string())
    }

    /// The figure in the page, with a caption.
    pub(crate) fn html(&self, caption: &Markup) -> Markup {
        html! {
            figure {
                div.scroll { (self.svg_element(None)) }
                figcaption { (caption) " " small.files { (self.path("svg")) ", .png" } }
            }
        }
    }

    fn svg_element(&self, xmlns: Option<&str>) -> Markup {
        let (width, height) = self.size;
        let (inner_width, inner_height) = (width * draw::SVG_SCALE, height * draw::SVG_SCALE);
        html! {
            svg xmlns=[xmlns] width=(width) height=(height)
                viewBox={ "0 0 " (inner_width) " " (inner_height) }
                role="img" aria-label=(self.alt) font-family=(font::FAMILY)
            { (PreEscaped(&self.svg)) }
        }
    }
}
