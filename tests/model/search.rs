//! Visits every state of a model.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, HasDiscoveries, Model};

/// So many threads search a model.
const THREADS: usize = 2;

/// Every property holds in every state.
pub fn holds<M>(model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    let checker = model.checker().threads(THREADS).spawn_bfs().join();
    checker.assert_properties();
    println!("{} states, at most {} steps deep", checker.unique_state_count(), checker.max_depth());
}

/// The search finds a way to break the property, and shows it when the test is run with `--nocapture`.
pub fn breaks<M>(model: M, property: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    let checker =
        model.checker().threads(THREADS).finish_when(HasDiscoveries::AnyOf([property].into())).spawn_bfs().join();
    let Some(path) = checker.discovery(property) else {
        let found: Vec<_> = checker.discoveries().into_keys().collect();
        panic!(
            "\"{property}\" was expected to break; the search found {found:?} in {} states",
            checker.unique_state_count()
        );
    };
    println!("\"{property}\" breaks by:");
    for action in path.into_actions() {
        println!("  {action:?}");
    }
}

/// The number of the write that was just done: larger than all that were renumbered.
pub const NEWEST: u8 = u8::MAX;

/// Numbers the writes anew that somebody still knows of, in their order: only whether two are the same matters, and without
/// this actors that keep getting in each other's way would make states without end.
pub fn renumber(mut writes: Vec<&mut u8>) {
    let mut order: Vec<u8> = writes.iter().map(|write| **write).collect();
    order.sort_unstable();
    order.dedup();
    for write in &mut writes {
        let rank = order.iter().position(|known| known == *write).expect("every write is in the order");
        **write = u8::try_from(rank).expect("few writes are known at a time");
    }
}
