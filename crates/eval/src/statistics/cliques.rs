//! Groups of learners that no test tells apart: the bars of a critical difference diagram.
//!
//! Under pairwise tests a group need not be neighbours in the order of ranks: A and C can be alike
//! while B, between them, differs from A. A bar from A to C would then tell a falsehood about B, so
//! groups are cliques of the graph of pairs that do not differ, found by the algorithm of C. Bron,
//! J. Kerbosch, Communications of the ACM 16:575-577, 1973, with a pivot.

/// Every largest set of at least two of the learners `0..count` of which no two differ
/// significantly; members and sets ascending.
///
/// ```
/// // Only 0 and 1 differ.
/// let cliques = eval::statistics::cliques::maximal_cliques(3, |a, b| (a, b) == (0, 1));
/// assert_eq!(cliques, [[0, 2], [1, 2]]);
/// ```
///
/// `differ` is called with the smaller number first.
pub fn maximal_cliques(count: usize, differ: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let alike: Vec<Vec<bool>> = (0..count)
        .map(|a| (0..count).map(|b| a != b && !differ(a.min(b), a.max(b))).collect())
        .collect();
    let mut cliques = Vec::new();
    extend(&alike, &mut Vec::new(), (0..count).collect(), Vec::new(), &mut cliques);
    cliques.sort_unstable();
    cliques
}

/// Adds every maximal clique that holds all of `chosen`, some of `candidates` and none of `done`.
fn extend(
    alike: &[Vec<bool>],
    chosen: &mut Vec<usize>,
    mut candidates: Vec<usize>,
    mut done: Vec<usize>,
    cliques: &mut Vec<Vec<usize>>,
) {
    let neighbours = |pivot: usize| candidates.iter().filter(|&&c| alike[pivot][c]).count();
    let pivot = candidates.iter().chain(&done).copied().max_by_key(|&pivot| neighbours(pivot));
    let Some(pivot) = pivot else {
        if chosen.len() > 1 {
            let mut clique = chosen.clone();
            clique.sort_unstable();
            cliques.push(clique);
        }
        return;
    };
    // A maximal clique holds the pivot or something that is not its neighbour.
    let branches: Vec<usize> = candidates.iter().copied().filter(|&c| !alike[pivot][c]).collect();
    for branch in branches {
        let near = |set: &[usize]| set.iter().copied().filter(|&c| alike[branch][c]).collect();
        chosen.push(branch);
        extend(alike, chosen, near(&candidates), near(&done), cliques);
        chosen.pop();
        candidates.retain(|&candidate| candidate != branch);
        done.push(branch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends() {
        assert!(maximal_cliques(0, |_, _| false).is_empty());
        assert!(maximal_cliques(1, |_, _| false).is_empty());
        assert!(maximal_cliques(4, |_, _| true).is_empty());
        assert_eq!(maximal_cliques(4, |_, _| false), [[0, 1, 2, 3]]);
    }

    proptest! {
        /// All subsets, one by one.
        #[test]
        fn they_are_all_sets_that_cannot_grow(differ in prop::collection::vec(any::<bool>(), 49)) {
            let differ = |a: usize, b: usize| differ[7 * a + b];
            let members = |set: u32| (0..7_usize).filter(move |i| set >> i & 1 == 1);
            let alike =
                |set: u32| members(set).all(|a| members(set).all(|b| a >= b || !differ(a, b)));
            let grows = |set: u32| (0..7).any(|i| set >> i & 1 == 0 && alike(set | 1 << i));
            let mut expected: Vec<Vec<usize>> = (0..1_u32 << 7)
                .filter(|&set| set.count_ones() > 1 && alike(set) && !grows(set))
                .map(|set| members(set).collect())
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(maximal_cliques(7, differ), expected);
        }
    }
}
