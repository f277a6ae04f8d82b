//! `flatten_graph`: a graph of tokens as an index can hold it, as Lucene's `FlattenGraphFilter`.

use std::collections::BTreeMap;

use super::super::token::{Token, Tokens, increments};

/// Where an input position goes, and where its tokens lead.
#[derive(Default, Clone, Copy)]
struct Node {
    output: Option<u32>,
    nearest_end: u32,
}

/// Positions are counted anew, each as far as the longest way to it: side paths fold onto one another.
pub(super) fn apply(tokens: Tokens) -> Tokens {
    let mut nodes: BTreeMap<u32, Node> = BTreeMap::new();
    let mut furthest_output = 0;
    nodes.insert(0, Node { output: Some(0), nearest_end: u32::MAX });
    for (token, step) in tokens.tokens.iter().zip(increments(&tokens.tokens)) {
        let from = token.position;
        let source = nodes.get(&from).copied().unwrap_or_default();
        let output = match source.output {
            Some(output) => output,
            // Behind a hole: one further than where the tokens before the hole lead.
            None => {
                let before = from.checked_sub(step).and_then(|before| nodes.get(&before)).copied();
                let led = before.filter(|before| before.nearest_end < from);
                led.and_then(|before| nodes.get(&before.nearest_end)?.output).map_or(furthest_output + 1, |end| end + 1)
            }
        };
        let to = from.saturating_add(token.length);
        let nearest_end = if source.output.is_some() { source.nearest_end.min(to) } else { to };
        nodes.insert(from, Node { output: Some(output), nearest_end });
        let destination = nodes.entry(to).or_insert(Node { output: None, nearest_end: u32::MAX });
        destination.output = Some(destination.output.map_or(output + 1, |known| known.max(output + 1)));
        furthest_output = furthest_output.max(output + 1);
    }
    let output_of = |node: u32| nodes.get(&node).and_then(|node| node.output).unwrap_or(node);
    let mut flat: Vec<Token> = Vec::with_capacity(tokens.tokens.len());
    for token in &tokens.tokens {
        let position = output_of(token.position);
        let end = output_of(token.position.saturating_add(token.length));
        flat.push(Token { position, length: end.saturating_sub(position).max(1), ..token.clone() });
    }
    // Of one output position the tokens of the earlier input position come first.
    flat.sort_by_key(|token| token.position);
    Tokens { tokens: flat, ..tokens }
}
