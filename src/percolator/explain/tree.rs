//! Explanations as trees for a terminal: what is demanded on the left, where it stands in the query in a column on the right.

use std::fmt;

use super::{Explanation, Holding};

/// Escape sequences around what is coloured.
struct Styles {
    yes: &'static str,
    no: &'static str,
    faint: &'static str,
    end: &'static str,
}

const PLAIN: Styles = Styles { yes: "", no: "", faint: "", end: "" };
const COLOURED: Styles = Styles { yes: "\u{1b}[32m", no: "\u{1b}[31m", faint: "\u{1b}[2m", end: "\u{1b}[0m" };

/// The column of pointers stands no further right than this; longer lines push theirs out.
const MAX_COLUMN: usize = 90;

/// An [`Explanation`] for a terminal that knows colours.
pub struct Coloured<'e>(&'e Explanation);

impl Explanation {
    /// The tree of [`fmt::Display`] with ANSI colours.
    pub fn coloured(&self) -> Coloured<'_> {
        Coloured(self)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_tree(self, &PLAIN, formatter)
    }
}

impl fmt::Display for Coloured<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_tree(self.0, &COLOURED, formatter)
    }
}

/// A line of the tree.
struct Line<'e> {
    depth: usize,
    /// Whether the part holds; `None` for what the document holds.
    sign: Option<bool>,
    text: String,
    pointer: &'e str,
}

impl Line<'_> {
    fn width(&self) -> usize {
        self.depth * 2 + 2 + self.text.chars().count()
    }
}

fn write_tree(explanation: &Explanation, styles: &Styles, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut lines = Vec::new();
    gather(explanation, 0, "", &mut lines);
    let with_pointer = lines.iter().filter(|line| !line.pointer.is_empty());
    let column = with_pointer.map(Line::width).filter(|width| *width <= MAX_COLUMN).max().unwrap_or(0) + 2;
    lines.iter().try_for_each(|line| write_line(line, column, styles, formatter))
}

/// `around` is the pointer of the clause around the part.
fn gather<'e>(part: &'e Explanation, depth: usize, around: &'e str, lines: &mut Vec<Line<'e>>) {
    let mut text = part.description.clone();
    if let Some(demands) = &part.demands {
        text.push_str(&format!(" → {demands}"));
    }
    if let Some([_, ..]) = part.objects.as_deref() {
        let objects: Vec<String> = part.objects.iter().flatten().map(ToString::to_string).collect();
        text.push_str(&format!("  [objects {}]", objects.join(", ")));
    }
    let pointer = part.pointer.as_deref().unwrap_or_default();
    lines.push(Line {
        depth,
        sign: Some(part.matches),
        text,
        pointer: pointer.strip_prefix(around).unwrap_or(pointer),
    });
    let within = if pointer.is_empty() { around } else { pointer };
    part.parts.iter().for_each(|inner| gather(inner, depth + 1, within, lines));
    let detail = |text: String| Line { depth: depth + 1, sign: None, text, pointer: "" };
    lines.extend(part.holds.iter().map(|holding| detail(holding.to_string())));
    if !part.optional.is_empty() {
        lines.push(detail("beside that, deciding nothing:".to_owned()));
        part.optional.iter().for_each(|inner| gather(inner, depth + 2, within, lines));
    }
}

fn write_line(line: &Line<'_>, column: usize, styles: &Styles, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Styles { yes, no, faint, end } = styles;
    write!(formatter, "{:indent$}", "", indent = line.depth * 2)?;
    match line.sign {
        Some(true) => write!(formatter, "{yes}✓{end} {}", line.text)?,
        Some(false) => write!(formatter, "{no}✗{end} {}", line.text)?,
        None => write!(formatter, "{faint}· {}{end}", line.text)?,
    }
    if !line.pointer.is_empty() {
        let gap = column.saturating_sub(line.width()).max(2);
        write!(formatter, "{:gap$}{faint}{}{end}", "", line.pointer)?;
    }
    writeln!(formatter)
}

impl fmt::Display for Holding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} holds ", self.at)?;
        if self.values.is_empty() {
            formatter.write_str("nothing")?;
        }
        let values: Vec<String> = self.values.iter().map(|value| format!("{value:?}")).collect();
        formatter.write_str(&values.join(", "))?;
        if self.more > 0 {
            write!(formatter, " and {} more", self.more)?;
        }
        if let Some(hint) = &self.hint {
            write!(formatter, " here: {hint}")?;
        }
        Ok(())
    }
}
