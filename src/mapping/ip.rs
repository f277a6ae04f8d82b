//! Addresses as points: IPv4 is mapped into IPv6, as in Lucene.

use std::net::{IpAddr, Ipv6Addr};

/// The points of all addresses, low and high.
pub(crate) const MIN: i128 = i128::MIN;
pub(crate) const MAX: i128 = i128::MAX;

/// The point of an address.
pub(crate) fn parse(text: &str) -> Option<i128> {
    // The interface behind `%` does not matter.
    let address = match text.split_once('%') {
        Some((address, interface)) if address.contains(':') && !interface.is_empty() => address,
        _ => text,
    };
    address.parse::<IpAddr>().ok().map(|address| point(bits(address)))
}

/// The points of a block `192.168.0.0/16`; bits behind the prefix do not matter. An IPv4 address written as IPv6 has no
/// blocks: of which of the two the prefix counts bits would be open.
pub(crate) fn parse_block(text: &str) -> Option<(i128, i128)> {
    let (address, prefix) = text.split_once('/')?;
    let address = address.parse::<IpAddr>().ok()?;
    let prefix: u32 = prefix.parse().ok()?;
    let prefix = match address {
        IpAddr::V4(_) if prefix <= 32 => prefix + 96,
        IpAddr::V6(address) if prefix <= 128 && address.to_ipv4_mapped().is_none() => prefix,
        _ => return None,
    };
    let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
    Some((point(bits(address) & !host), point(bits(address) | host)))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => Ipv6Addr::to_bits(address),
    }
}

/// Signed, in the order of the unsigned bits.
fn point(bits: u128) -> i128 {
    (bits ^ (1 << 127)) as i128
}

/// The address of a point; of a mapped IPv4 address that itself.
pub(crate) fn address(point: i128) -> IpAddr {
    Ipv6Addr::from_bits(point.cast_unsigned() ^ (1 << 127)).to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_order() {
        let order = ["::", "::1", "0.0.0.1", "10.0.0.1", "255.255.255.255", "2001:db8::1", "ffff::"];
        let points: Vec<_> = order.iter().map(|text| parse(text).unwrap()).collect();
        assert!(points.is_sorted(), "{points:?}");
        assert_eq!(parse("::ffff:10.0.0.1"), parse("10.0.0.1"));
        assert_eq!(parse("10.0.0"), None);
    }

    #[test]
    fn a_block_covers_its_addresses_whatever_its_host_bits() {
        let (low, high) = parse_block("10.1.2.3/8").unwrap();
        assert_eq!((low, high), (parse("10.0.0.0").unwrap(), parse("10.255.255.255").unwrap()));
        assert_eq!(parse_block("::/0"), Some((MIN, MAX)));
        assert_eq!(parse_block("10.0.0.0/33"), None);
    }
}
