//! Reads OpenCV's cascade files: the format of `opencv_traincascade`, and the one before it.

use super::model::{
    Block, CascadeError, Features, HaarRectangles, Link, MAX_WINDOW, Model, Node, Stage, Test, Tree,
};
use roxmltree::{Document, Node as Element};
use std::ops::RangeInclusive;

type Result<T> = std::result::Result<T, CascadeError>;

/// Categories of an LBP feature, all that eight bits have.
const CATEGORIES: usize = 256;

pub(super) fn read(text: &str) -> Result<Model> {
    let document = Document::parse(text)
        .map_err(|error| CascadeError::Xml { line: error.pos().row, message: error.to_string() })?;
    let root = document.root_element();
    if root.tag_name().name() != "opencv_storage" {
        let expected = "`opencv_storage`, as OpenCV writes it";
        return Err(value_error(root, root.tag_name().name(), expected));
    }
    let cascade = root.children().find(Element::is_element);
    let cascade = cascade.ok_or_else(|| missing(root, "cascade"))?;
    let model = match optional(cascade, "stageType") {
        Some(stage_type) => read_cascade(cascade, stage_type)?,
        None if optional(cascade, "size").is_some() => read_old_cascade(cascade)?,
        None => return Err(missing(cascade, "stageType")),
    };
    if model.stages.is_empty() {
        return Err(value_error(child(cascade, "stages")?, "empty", "one stage or more"));
    }
    Ok(model)
}

/// The format of `opencv_traincascade`: features in a list of their own.
fn read_cascade(cascade: Element<'_, '_>, stage_type: Element<'_, '_>) -> Result<Model> {
    if content(stage_type) != "BOOST" {
        return Err(value_error(stage_type, content(stage_type), "BOOST"));
    }
    let side = |name| {
        let element = child(cascade, name)?;
        Ok(whole(element, content(element), 1..=MAX_WINDOW as i64)? as usize)
    };
    let window = [side("height")?, side("width")?];
    let categories = child(child(cascade, "featureParams")?, "maxCatCount")?;
    let (expected_categories, features) =
        (child(cascade, "featureType")?, child(cascade, "features")?);
    let features = match content(expected_categories) {
        "HAAR" => {
            whole(categories, content(categories), 0..=0)?;
            let features = items(features).map(|feature| haar_feature(feature, window));
            Features::Haar(features.collect::<Result<_>>()?)
        }
        "LBP" => {
            let all = CATEGORIES as i64;
            whole(categories, content(categories), all..=all)?;
            let features = items(features).map(|feature| lbp_feature(feature, window));
            Features::Lbp(features.collect::<Result<_>>()?)
        }
        "HOG" => return Err(CascadeError::Hog { line: line(expected_categories) }),
        other => return Err(value_error(expected_categories, other, "HAAR or LBP")),
    };
    check_window(cascade, window, &features)?;
    let (mut stages, mut trees) = (Vec::new(), Vec::new());
    for stage in items(child(cascade, "stages")?) {
        let before = trees.len();
        for tree in items(child(stage, "weakClassifiers")?) {
            trees.push(read_tree(tree, &features)?);
        }
        let threshold = child(stage, "stageThreshold")?;
        stages.push(stage_of(stage, number(threshold, content(threshold))?, trees.len() - before)?);
    }
    Ok(Model { window, features, stages, trees })
}

/// A tree as lists of numbers: per node left, right, feature, test; then the leaves.
fn read_tree(tree: Element<'_, '_>, features: &Features) -> Result<Tree> {
    let (nodes, leaves) = (child(tree, "internalNodes")?, child(tree, "leafValues")?);
    let leaf_values = content(leaves).split_whitespace().map(|text| number(leaves, text));
    let leaf_values: Vec<f32> = leaf_values.collect::<Result<_>>()?;
    let words: Vec<&str> = content(nodes).split_whitespace().collect();
    let step = if matches!(features, Features::Haar(_)) { 4 } else { 3 + CATEGORIES / 32 };
    let count = words.len() / step;
    if count == 0 || !words.len().is_multiple_of(step) {
        let expected = "one or more nodes of 4 numbers each (HAAR) or 11 (LBP)";
        return Err(value_error(nodes, &format!("{} numbers", words.len()), expected));
    }
    if leaf_values.len() != count + 1 {
        let found = format!("{} numbers", leaf_values.len());
        return Err(value_error(leaves, &found, "one number more than there are nodes"));
    }
    let node = |(place, words): (usize, &[&str])| {
        let link = |text: &str| {
            let target = whole(nodes, text, -(count as i64)..=count as i64 - 1)?;
            node_link(nodes, place, target, count, |leaf| leaf_values[leaf])
        };
        let test = match features {
            Features::Haar(_) => Test::Below(number(nodes, words[3])?),
            Features::Lbp(_) => Test::Among(subset(nodes, &words[3..])?),
        };
        let (left, right) = (link(words[0])?, link(words[1])?);
        let feature = whole(nodes, words[2], 0..=features.len() as i64 - 1)? as usize;
        Ok(Node { feature, test, left, right })
    };
    let nodes = words.chunks_exact(step).enumerate().map(node);
    Ok(Tree { nodes: nodes.collect::<Result<_>>()? })
}

/// Categories that go left, as eight signed numbers of 32 bits.
fn subset(element: Element<'_, '_>, words: &[&str]) -> Result<[u32; 8]> {
    let mut subset = [0; 8];
    for (subset, word) in subset.iter_mut().zip(words) {
        *subset = whole(element, word, i64::from(i32::MIN)..=i64::from(i32::MAX))? as u32;
    }
    Ok(subset)
}

/// Above 0 the node of that number, else the leaf of the negative number.
fn node_link(
    element: Element<'_, '_>,
    place: usize,
    target: i64,
    count: usize,
    leaf: impl Fn(usize) -> f32,
) -> Result<Link> {
    if target <= 0 {
        return Ok(Link::Leaf(leaf(target.unsigned_abs() as usize)));
    }
    let target = target as usize;
    if target <= place || target >= count {
        let expected = "a node after its parent, or a leaf";
        return Err(value_error(element, &format!("node {target}"), expected));
    }
    Ok(Link::Node(target))
}

/// The format of `opencv_haartraining`: features inside the nodes.
fn read_old_cascade(cascade: Element<'_, '_>) -> Result<Model> {
    let size = child(cascade, "size")?;
    let [width, height] = numbers::<2>(size)?;
    let side = |text| Ok(whole(size, text, 1..=MAX_WINDOW as i64)? as usize);
    let window = [side(height)?, side(width)?];
    let mut features = Vec::new();
    let (mut stages, mut trees) = (Vec::new(), Vec::new());
    for stage in items(child(cascade, "stages")?) {
        let before = trees.len();
        for tree in items(child(stage, "trees")?) {
            let count = items(tree).count();
            if count == 0 {
                return Err(value_error(tree, "empty", "one node or more"));
            }
            let nodes = items(tree).enumerate();
            let nodes = nodes.map(|(place, node)| {
                features.push(haar_feature(child(node, "feature")?, window)?);
                read_old_node(node, features.len() - 1, place, count)
            });
            trees.push(Tree { nodes: nodes.collect::<Result<_>>()? });
        }
        let threshold = child(stage, "stage_threshold")?;
        stages.push(stage_of(stage, number(threshold, content(threshold))?, trees.len() - before)?);
    }
    let features = Features::Haar(features);
    check_window(cascade, window, &features)?;
    Ok(Model { window, features, stages, trees })
}

fn read_old_node(
    node: Element<'_, '_>,
    feature: usize,
    place: usize,
    count: usize,
) -> Result<Node> {
    let link = |leaf_name, node_name| {
        if let Some(leaf) = optional(node, leaf_name) {
            return Ok(Link::Leaf(number(leaf, content(leaf))?));
        }
        let target = child(node, node_name)?;
        let target_place = whole(target, content(target), 1..=count as i64 - 1)?;
        node_link(target, place, target_place, count, |_| unreachable!("it is above 0"))
    };
    let threshold = child(node, "threshold")?;
    Ok(Node {
        feature,
        test: Test::Below(number(threshold, content(threshold))?),
        left: link("left_val", "left_node")?,
        right: link("right_val", "right_node")?,
    })
}

/// OpenCV takes a little off each threshold, so that rounding errors lose no window.
fn stage_of(stage: Element<'_, '_>, threshold: f32, trees: usize) -> Result<Stage> {
    if trees == 0 {
        return Err(value_error(stage, "without trees", "a stage of one tree or more"));
    }
    Ok(Stage { trees, threshold: threshold - 1e-5_f32 })
}

/// The deviation of a window is that of the pixels inside its border.
fn check_window(
    cascade: Element<'_, '_>,
    [height, width]: [usize; 2],
    features: &Features,
) -> Result<()> {
    if matches!(features, Features::Haar(_)) && (height < 3 || width < 3) {
        let found = format!("{height}x{width} pixels");
        return Err(value_error(cascade, &found, "a window of at least 3x3 pixels"));
    }
    Ok(())
}

fn haar_feature(feature: Element<'_, '_>, window: [usize; 2]) -> Result<HaarRectangles> {
    let tilted = match optional(feature, "tilted") {
        Some(tilted) => whole(tilted, content(tilted), 0..=1)? == 1,
        None => false,
    };
    let rects = child(feature, "rects")?;
    let count = items(rects).count();
    if !(1..=3).contains(&count) {
        let expected = "one to three rectangles";
        return Err(value_error(rects, &format!("{count} rectangles"), expected));
    }
    let mut parsed = HaarRectangles { tilted, ..HaarRectangles::default() };
    for (part, rect) in parsed.parts.iter_mut().zip(items(rects)) {
        let [x, y, width, height, weight] = numbers::<5>(rect)?;
        let block = block(rect, [x, y, width, height])?;
        let [left, right, bottom] = if tilted {
            // Right corner `width` to the right, left one `height` to the left of the upper one.
            let right = block.x + block.width;
            [
                block.x.checked_sub(block.height),
                Some(right),
                Some(block.y + block.width + block.height),
            ]
        } else {
            [Some(block.x), Some(block.x + block.width), Some(block.y + block.height)]
        };
        let fits = left.is_some() && right <= Some(window[1]) && bottom <= Some(window[0]);
        if !fits {
            return Err(value_error(rect, content(rect), "a rectangle within the window"));
        }
        *part = (block, number(rect, weight)?);
    }
    Ok(parsed)
}

fn lbp_feature(feature: Element<'_, '_>, [height, width]: [usize; 2]) -> Result<Block> {
    let rect = child(feature, "rect")?;
    let block = block(rect, numbers::<4>(rect)?)?;
    if block.x + 3 * block.width > width || block.y + 3 * block.height > height {
        return Err(value_error(rect, content(rect), "3x3 blocks within the window"));
    }
    Ok(block)
}

fn block(element: Element<'_, '_>, words: [&str; 4]) -> Result<Block> {
    let mut sides = [0; 4];
    for (side, word) in sides.iter_mut().zip(words) {
        *side = whole(element, word, 0..=MAX_WINDOW as i64)? as usize;
    }
    let [x, y, width, height] = sides;
    Ok(Block { x, y, width, height })
}

fn line(element: Element<'_, '_>) -> u32 {
    element.document().text_pos_at(element.range().start).row
}

/// Elements of a list: OpenCV calls each `_`.
fn items<'a, 'input>(list: Element<'a, 'input>) -> impl Iterator<Item = Element<'a, 'input>> {
    list.children().filter(Element::is_element)
}

fn optional<'a, 'input>(parent: Element<'a, 'input>, name: &str) -> Option<Element<'a, 'input>> {
    parent.children().find(|child| child.has_tag_name(name))
}

fn child<'a, 'input>(
    parent: Element<'a, 'input>,
    name: &'static str,
) -> Result<Element<'a, 'input>> {
    optional(parent, name).ok_or_else(|| missing(parent, name))
}

fn missing(parent: Element<'_, '_>, element: &'static str) -> CascadeError {
    let name = parent.tag_name().name().to_owned();
    CascadeError::Missing { line: line(parent), parent: name, element }
}

fn content<'a>(element: Element<'a, '_>) -> &'a str {
    element.text().unwrap_or_default().trim()
}

fn value_error(element: Element<'_, '_>, found: &str, expected: &'static str) -> CascadeError {
    // Enough to find it, however long it is.
    let found = found.chars().take(60).collect();
    let name = element.tag_name().name().to_owned();
    CascadeError::Value { line: line(element), element: name, found, expected }
}

/// Just `N` words.
fn numbers<'a, const N: usize>(element: Element<'a, '_>) -> Result<[&'a str; N]> {
    let words: Vec<&str> = content(element).split_whitespace().collect();
    let expected = "as many numbers as OpenCV writes there";
    words.try_into().map_err(|_| value_error(element, content(element), expected))
}

fn whole(element: Element<'_, '_>, text: &str, range: RangeInclusive<i64>) -> Result<i64> {
    let value = text.parse().ok().filter(|value| range.contains(value));
    value.ok_or_else(|| value_error(element, text, "a whole number within its range"))
}

/// Read in double precision, then rounded again, as OpenCV does.
fn number(element: Element<'_, '_>, text: &str) -> Result<f32> {
    let value = text.parse::<f64>().ok().map(|value| value as f32);
    let value = value.filter(|value| value.is_finite());
    value.ok_or_else(|| value_error(element, text, "a finite number"))
}
