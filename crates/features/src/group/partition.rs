//! Splitting things into classes by which of them are similar.

/// Classes of `0..count` that hold everything similar to one of their members. Classes come in the
/// order of their first member, members in ascending order. `similar` must be symmetric.
pub(super) fn partition(count: usize, similar: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..count).collect();
    for later in 1..count {
        for earlier in 0..later {
            let (root, other) = (find(&mut parents, earlier), find(&mut parents, later));
            if root != other && similar(earlier, later) {
                // The smaller number stays the root, so that it is the class's first member.
                parents[root.max(other)] = root.min(other);
            }
        }
    }
    let mut classes: Vec<Vec<usize>> = Vec::new();
    let mut class_of_root = vec![0; count];
    for member in 0..count {
        let root = find(&mut parents, member);
        if root == member {
            class_of_root[root] = classes.len();
            classes.push(Vec::new());
        }
        classes[class_of_root[root]].push(member);
    }
    classes
}

/// The root of a tree, halving the path to it on the way.
fn find(parents: &mut [usize], mut node: usize) -> usize {
    while parents[node] != node {
        parents[node] = parents[parents[node]];
        node = parents[node];
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_is_passed_on() {
        // 1 and 9 have no neighbour; 3, 4, 5 and 6 form a chain out of order.
        let values = [5_i32, 1, 3, 6, 9, 4];
        let near = |a: usize, b: usize| (values[a] - values[b]).abs() <= 1;
        assert_eq!(partition(values.len(), near), [vec![0, 2, 3, 5], vec![1], vec![4]]);
        assert!(partition(0, |_, _| true).is_empty());
    }
}
