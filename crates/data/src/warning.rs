//! What was left out of a set, and why.

use crate::error::one_line;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Something a user should know about a set that could be read nevertheless. It is displayed in
/// one line; control characters in names are escaped.
///
/// Names are relative to the folder of the set, with `/` between their parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Warning {
    /// An image that could not be decoded and was left out.
    Unreadable {
        /// The file.
        name: String,
        /// What the decoder says.
        reason: String,
    },
    /// Files in class folders that were left out because of the end of their name.
    OtherFiles {
        /// Files for each extension, in lower case; "" where there is none.
        extensions: BTreeMap<String, usize>,
    },
    /// Images beside the class folders, which have no class.
    LooseImages {
        /// The folder they lie in; "" for that of the set.
        folder: String,
        /// How many.
        count: usize,
    },
    /// A folder beside `train` and `test`.
    OtherFolder {
        /// The folder.
        name: String,
    },
    /// A folder that was reached before under another name: a link, perhaps to its own parent.
    SeenFolder {
        /// The second name.
        name: String,
    },
    /// A class without an image in the official test part.
    NoTestImage {
        /// The class.
        class: String,
    },
    /// Images whose names the pattern for groups does not fit.
    NoGroup {
        /// How many.
        count: usize,
        /// The first of them.
        example: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { name, reason } => {
                write!(f, "{}: left out: {}", one_line(name), one_line(reason))
            }
            Self::OtherFiles { extensions } => {
                let list: Vec<String> = extensions
                    .iter()
                    .map(|(end, count)| match end.as_str() {
                        "" => format!("{count} without extension"),
                        end => format!("{count} .{}", one_line(end)),
                    })
                    .collect();
                write!(f, "files that are not read as images: {}", list.join(", "))
            }
            Self::LooseImages { folder, count } => {
                let place = if folder.is_empty() { "the folder" } else { folder };
                let place = one_line(place);
                write!(f, "{place}: images beside the class folders are left out: {count}")
            }
            Self::OtherFolder { name } => {
                write!(f, "{}: left out: only `train` and `test` are read", one_line(name))
            }
            Self::SeenFolder { name } => {
                write!(f, "{}: left out: a link to a folder that is read already", one_line(name))
            }
            Self::NoTestImage { class } => {
                write!(f, "class `{}` has no image in the test part", one_line(class))
            }
            Self::NoGroup { count, example } => {
                let example = one_line(example);
                write!(f, "images that the pattern for groups does not fit: {count} ({example}")?;
                write!(f, "{}); each stands alone", if *count > 1 { ", ..." } else { "" })
            }
        }
    }
}
