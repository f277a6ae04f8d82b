//! The guard: a webhook may not reach into the operator's own network.
//!
//! A webhook's URL is written by a tenant, and we send requests to it from inside the operator's network: without a
//! guard `http://169.254.169.254/` or `http://intranet/` would be asked with the operator's rights (server-side request
//! forgery). A check of the URL's text is not enough, for a name can resolve to anything, and to something else a second
//! later. So the guard is on the *resolved address at connect* ([`super::resolver`]); addresses written in the URL
//! itself, which are never resolved, are checked here, before each attempt. Redirects are not followed, and no proxy is
//! taken from the environment, so that there is no other hop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// Whether private addresses may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    allow_private: bool,
}

/// An address that a webhook may not reach.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address {address} is not public ({range}): webhooks may only reach public addresses")]
pub struct AddressRefused {
    /// The address.
    pub address: IpAddr,
    /// The range that it lies in, in words.
    pub range: &'static str,
}

impl Guard {
    /// Refuses every address that is not public, unless `allow_private`.
    pub const fn new(allow_private: bool) -> Self {
        Guard { allow_private }
    }

    /// Checks an address about to be connected to.
    ///
    /// # Errors
    ///
    /// When the address is not public and private ones are not allowed.
    pub fn check_address(self, address: IpAddr) -> Result<(), AddressRefused> {
        if self.allow_private {
            return Ok(());
        }
        match special_range(address) {
            None => Ok(()),
            Some(range) => Err(AddressRefused { address, range }),
        }
    }

    /// Checks the address that a URL names literally; a host *name* is checked when it is resolved.
    ///
    /// The `url` crate has already read the unusual spellings: `2130706433`, `0x7f.1` and `017700000001` are 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When the URL's host is an address that is not public and private ones are not allowed.
    pub fn check_literal(self, url: &Url) -> Result<(), AddressRefused> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_address(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => self.check_address(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => Ok(()),
        }
    }

    /// Whether names that mean this very machine are refused when a subscription is made.
    pub(super) fn refuses_local_names(self) -> bool {
        !self.allow_private
    }
}

/// The special-purpose range that an address lies in; `None` for a public address.
fn special_range(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_range_v4(address),
        IpAddr::V6(address) => special_range_v6(address),
    }
}

/// From the [IANA IPv4 Special-Purpose Address Registry](https://www.iana.org/assignments/iana-ipv4-special-registry),
/// all that is not globally reachable, whole blocks where the registry has exceptions inside; multicast from the
/// [IPv4 Address Space Registry](https://www.iana.org/assignments/ipv4-address-space).
const SPECIAL_V4: &[(Ipv4Net, &str)] = &[
    (v4([0, 0, 0, 0], 8), "\"this network\", RFC 791"),
    (v4([10, 0, 0, 0], 8), "private use, RFC 1918"),
    (v4([100, 64, 0, 0], 10), "shared address space, RFC 6598"),
    (v4([127, 0, 0, 0], 8), "loopback, RFC 1122"),
    (v4([169, 254, 0, 0], 16), "link local, RFC 3927"),
    (v4([172, 16, 0, 0], 12), "private use, RFC 1918"),
    (v4([192, 0, 0, 0], 24), "IETF protocol assignments, RFC 6890"),
    (v4([192, 0, 2, 0], 24), "documentation, RFC 5737"),
    (v4([192, 88, 99, 0], 24), "deprecated 6to4 relay anycast, RFC 7526"),
    (v4([192, 168, 0, 0], 16), "private use, RFC 1918"),
    (v4([198, 18, 0, 0], 15), "benchmarking, RFC 2544"),
    (v4([198, 51, 100, 0], 24), "documentation, RFC 5737"),
    (v4([203, 0, 113, 0], 24), "documentation, RFC 5737"),
    (v4([224, 0, 0, 0], 4), "multicast, RFC 5771"),
    (v4([240, 0, 0, 0], 4), "reserved and broadcast, RFC 1112"),
    // Not in the registry: a public address that inside Azure is the host's own control channel.
    (v4([168, 63, 129, 16], 32), "Azure's host channel"),
];

/// From the [IANA IPv6 Special-Purpose Address Registry](https://www.iana.org/assignments/iana-ipv6-special-registry):
/// what is not globally reachable inside of [`GLOBAL_UNICAST`], and outside of it what deserves a name in the reason.
const SPECIAL_V6: &[(Ipv6Net, &str)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "unspecified, RFC 4291"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback, RFC 4291"),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), "deprecated IPv4-compatible, RFC 4291"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "local-use IPv4/IPv6 translation, RFC 8215"),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "discard only, RFC 6666"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "IETF protocol assignments with Teredo, RFC 2928 and RFC 4380"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation, RFC 3849"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation, RFC 9637"),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "segment routing identifiers, RFC 9602"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "unique local, RFC 4193"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link local, RFC 4291"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "deprecated site local, RFC 3879"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast, RFC 4291"),
];

/// The only part of IPv6 that IANA has given out as global unicast, RFC 3587.
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// The addresses by which an IPv6-only network reaches IPv4 (NAT64), RFC 6052: as public as what they embed.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
/// The addresses of 6to4, RFC 3056: as public as what they embed.
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);

fn special_range_v4(address: Ipv4Addr) -> Option<&'static str> {
    SPECIAL_V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, range)| *range)
}

fn special_range_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(embedded) = embedded_v4(address) {
        return special_range_v4(embedded);
    }
    let named = SPECIAL_V6.iter().find(|(net, _)| net.contains(&address)).map(|(_, range)| *range);
    named.or_else(|| (!GLOBAL_UNICAST.contains(&address)).then_some("outside of global unicast, RFC 3587"))
}

/// The IPv4 address that a packet to this address ends at.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [_, _, a, b, c, d, ..] = address.octets();
    let [.., w, x, y, z] = address.octets();
    if SIX_TO_FOUR.contains(&address) {
        Some(Ipv4Addr::new(a, b, c, d))
    } else if NAT64.contains(&address) {
        Some(Ipv4Addr::new(w, x, y, z))
    } else {
        address.to_ipv4_mapped()
    }
}

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(address: &str) -> bool {
        Guard::new(false).check_address(address.parse().unwrap()).is_err()
    }

    #[test]
    fn public_addresses_pass() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001::200e",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(!is_refused(address), "{address} is public");
        }
    }

    #[test]
    fn addresses_that_are_not_public_are_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(is_refused(address), "{address} is not public");
        }
    }

    #[test]
    fn every_spelling_of_loopback_in_a_url_is_refused() {
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.0.0.1/",
            "http://017700000001/",
            "http://0177.0.0.1/",
            "http://①②⑦.⓪.⓪.①/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[0:0:0:0:0:0:0:1]/",
        ] {
            let url = Url::parse(url).unwrap();
            assert!(Guard::new(false).check_literal(&url).is_err(), "{url}");
            assert!(Guard::new(true).check_literal(&url).is_ok(), "{url}");
        }
    }
}
