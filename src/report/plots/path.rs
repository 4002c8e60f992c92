//! Paths on the canvas: cut off at the edges of the plot, which SVG alone would draw over, and thinned to what a picture
//! can show.

use super::canvas::Xy;

/// The pieces of a line that lie between two heights.
pub fn clip_line(points: &[Xy], top: f64, bottom: f64) -> Vec<Vec<Xy>> {
    let mut pieces: Vec<Vec<Xy>> = Vec::new();
    let mut joined = false;
    for pair in points.windows(2) {
        match clip_segment(pair[0], pair[1], top, bottom) {
            None => joined = false,
            Some((a, b)) => {
                match pieces.last_mut() {
                    Some(piece) if joined => piece.push(b),
                    _ => pieces.push(vec![a, b]),
                }
                joined = b == pair[1];
            }
        }
    }
    pieces
}

/// The part of a segment between two heights (the vertical half of Liang & Barsky 1984).
fn clip_segment(a: Xy, b: Xy, top: f64, bottom: f64) -> Option<(Xy, Xy)> {
    let inside = |y: f64| (top..=bottom).contains(&y);
    let at = |edge: f64| (a.0 + (b.0 - a.0) * ((edge - a.1) / (b.1 - a.1)), edge);
    let enter = |from: Xy, other: Xy| match () {
        () if inside(from.1) => Some(from),
        () if from.1 < top && other.1 >= top => Some(at(top)),
        () if from.1 > bottom && other.1 <= bottom => Some(at(bottom)),
        () => None,
    };
    Some((enter(a, b)?, enter(b, a)?))
}

/// The part of a polygon between two heights (Sutherland & Hodgman 1974).
pub fn clip_polygon(points: &[Xy], top: f64, bottom: f64) -> Vec<Xy> {
    let below_top = clip_half(points, top, |y| y >= top);
    clip_half(&below_top, bottom, |y| y <= bottom)
}

fn clip_half(points: &[Xy], edge: f64, inside: impl Fn(f64) -> bool) -> Vec<Xy> {
    let mut out = Vec::new();
    for (i, &b) in points.iter().enumerate() {
        let a = points[(i + points.len() - 1) % points.len()];
        if inside(a.1) != inside(b.1) {
            out.push((a.0 + (b.0 - a.0) * ((edge - a.1) / (b.1 - a.1)), edge));
        }
        if inside(b.1) {
            out.push(b);
        }
    }
    out
}

/// Which points of a line to keep: of those that fall into one point of width, the first, the lowest, the highest and the
/// last. A spike stays visible; ten thousand evaluations do not become ten thousand corners.
pub fn thin(points: &[Xy]) -> Vec<usize> {
    let mut kept = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let column = points[start].0.floor();
        let end = (start..points.len()).find(|&i| points[i].0.floor() != column).unwrap_or(points.len());
        let by_height = |a: &usize, b: &usize| points[*a].1.total_cmp(&points[*b].1);
        let highest = (start..end).min_by(by_height).expect("a column holds its first point");
        let lowest = (start..end).max_by(by_height).expect("a column holds its first point");
        let mut four = vec![start, highest, lowest, end - 1];
        four.sort_unstable();
        four.dedup();
        kept.extend(four);
        start = end;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_it_leaves_and_goes_on_where_it_comes_back() {
        let points = [(0.0, 5.0), (10.0, 5.0), (20.0, -5.0), (30.0, 5.0), (40.0, 15.0)];
        let pieces = clip_line(&points, 0.0, 10.0);
        let expected: [&[Xy]; 2] = [&[(0.0, 5.0), (10.0, 5.0), (15.0, 0.0)], &[(25.0, 0.0), (30.0, 5.0), (35.0, 10.0)]];
        assert_eq!(pieces, expected);
        assert_eq!(clip_line(&[(0.0, -5.0), (10.0, 15.0)], 0.0, 10.0), [[(2.5, 0.0), (7.5, 10.0)]]);
        assert!(clip_line(&[(0.0, -5.0), (10.0, -1.0)], 0.0, 10.0).is_empty());
    }

    #[test]
    fn a_polygon_is_cut_at_both_edges() {
        let square = [(0.0, -5.0), (10.0, -5.0), (10.0, 15.0), (0.0, 15.0)];
        let cut = clip_polygon(&square, 0.0, 10.0);
        assert!(cut.iter().all(|p| (0.0..=10.0).contains(&p.1)) && cut.len() == 4, "{cut:?}");
        assert!(clip_polygon(&square, 20.0, 30.0).is_empty());
    }

    #[test]
    fn thinning_keeps_the_spike() {
        let points: Vec<Xy> = (0..1000).map(|i| (f64::from(i) / 100.0, if i == 555 { -9.0 } else { 1.0 })).collect();
        let kept = thin(&points);
        assert!(kept.len() < 45 && kept.contains(&555) && kept.contains(&0) && kept.contains(&999));
    }
}
