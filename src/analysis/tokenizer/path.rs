//! `path_hierarchy`: `/a/b/c` as `/a`, `/a/b` and `/a/b/c`.

/// Every path that leads to the whole one.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct PathHierarchy {
    pub(in crate::analysis) delimiter: char,
    pub(in crate::analysis) replacement: char,
    /// From the end, as of domains.
    pub(in crate::analysis) reverse: bool,
    /// Parts at the start, or at the end where reversed, that are left out.
    pub(in crate::analysis) skip: usize,
}

impl PathHierarchy {
    /// How many bytes the paths to a text take, at most: they grow with the square of its length.
    pub(super) fn bytes_of(&self, text: &str) -> usize {
        text.len().saturating_mul(text.matches(self.delimiter).count() + 1)
    }

    pub(super) fn cut(&self, text: &str, sink: &mut impl FnMut(&str)) {
        if self.reverse { self.cut_backwards(text, sink) } else { self.cut_forwards(text, sink) }
    }

    fn cut_forwards(&self, text: &str, sink: &mut impl FnMut(&str)) {
        if text.is_empty() {
            return;
        }
        // A delimiter at the very start opens the first part.
        let first = text.chars().next().map_or(0, char::len_utf8);
        let inner = text.match_indices(self.delimiter).map(|(at, _)| at).filter(|at| *at >= first);
        let starts: Vec<usize> = std::iter::once(0).chain(inner).collect();
        let Some(from) = starts.get(self.skip).copied() else { return };
        let ends = starts.iter().skip(self.skip + 1).copied().chain([text.len()]);
        for end in ends {
            sink(&self.replaced(text.get(from..end).unwrap_or_default()));
        }
    }

    fn cut_backwards(&self, text: &str, sink: &mut impl FnMut(&str)) {
        let after = text.match_indices(self.delimiter).map(|(at, delimiter)| at + delimiter.len());
        let mut places: Vec<usize> = std::iter::once(0).chain(after).collect();
        if places.last().is_some_and(|last| *last < text.len()) {
            places.push(text.len());
        }
        let Some(end) = places.len().checked_sub(self.skip + 1).and_then(|index| places.get(index).copied()) else {
            return;
        };
        let tokens = places.len().saturating_sub(self.skip + 1);
        for start in places.into_iter().take(tokens) {
            sink(&self.replaced(text.get(start..end).unwrap_or_default()));
        }
    }

    fn replaced<'t>(&self, part: &'t str) -> std::borrow::Cow<'t, str> {
        if self.delimiter == self.replacement {
            part.into()
        } else {
            part.replace(self.delimiter, &self.replacement.to_string()).into()
        }
    }
}
