//! Names to addresses, through the guard: only what [`Guard`] lets pass is ever connected to.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::guard::{AddressRefused, Guard};

/// The system's resolver behind the guard.
///
/// The system's look-up blocks a thread and cannot be called off, so a name whose servers do not answer holds one for
/// many seconds. Each resolver has a bounded number of them, and each lane its own resolver: names that hang take
/// nothing from the lanes of those that answer.
pub(super) struct GuardedResolver {
    guard: Guard,
    lookups: Arc<Semaphore>,
}

/// A name none of whose addresses may be reached.
#[derive(Debug, thiserror::Error)]
enum ResolveError {
    #[error("the host {name:?} has no address")]
    NoAddress { name: String },
    #[error("the host {name:?} resolves to no address that may be reached: {refused}")]
    Refused { name: String, refused: AddressRefused },
}

impl GuardedResolver {
    pub(super) fn new(guard: Guard, concurrent_lookups: usize) -> Self {
        GuardedResolver { guard, lookups: Arc::new(Semaphore::new(concurrent_lookups)) }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard;
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let permit = lookups.acquire_owned().await?;
            let host = name.as_str().to_owned();
            // The permit goes with the thread, not with this future: a look-up that nobody waits for still counts.
            let found = tokio::task::spawn_blocking(move || {
                let found = (host.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
                drop(permit);
                found
            });
            let reachable = reachable(guard, name.as_str(), found.await??)?;
            Ok(Box::new(reachable.into_iter()) as Addrs)
        })
    }
}

/// Those of a name's addresses that may be reached.
fn reachable(guard: Guard, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ResolveError> {
    let mut refused = None;
    let mut reachable = found;
    reachable.retain(|address| match guard.check_address(address.ip()) {
        Ok(()) => true,
        Err(reason) => {
            refused.get_or_insert(reason);
            false
        }
    });
    match refused {
        _ if !reachable.is_empty() => Ok(reachable),
        Some(refused) => Err(ResolveError::Refused { name: name.to_owned(), refused }),
        None => Err(ResolveError::NoAddress { name: name.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_address_beside_a_public_one_is_left_out() {
        let found = vec!["10.0.0.1:0".parse().unwrap(), "8.8.8.8:0".parse().unwrap()];
        let reachable = reachable(Guard::new(false), "mixed.example", found).unwrap();
        assert_eq!(reachable, ["8.8.8.8:0".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_name_of_loopback_is_refused_and_allowed_when_private_ones_are() {
        let refused = GuardedResolver::new(Guard::new(false), 1).resolve("localhost".parse().unwrap()).await;
        assert!(refused.err().unwrap().to_string().contains("not public"));
        let allowed = GuardedResolver::new(Guard::new(true), 1).resolve("localhost".parse().unwrap()).await;
        assert!(allowed.unwrap().next().is_some());
    }
}
