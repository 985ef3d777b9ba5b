//! Words of the lines that a run prints.

/// "1 image", "2 images".
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_none_is_not() {
        let said = [0, 1, 2, 21].map(|count| counted(count, "image", "images"));
        assert_eq!(said, ["0 images", "1 image", "2 images", "21 images"]);
    }
}
