import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** RFC 4291, 2.4: what IANA gives out as global unicast; IPv4-compatible and unassigned space is outside of it. */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/** RFC 5214: an IPv4 address behind these interface identifiers is where a tunnel ends. */
const isatapMark = 0x5efe;

/**
 * True for a global unicast address that is nobody's special range: not private, loopback, link-local, shared (CGNAT),
 * documentation, benchmarking, multicast, reserved, nor one that carries another address inside (IPv4-mapped, NAT64,
 * 6to4, Teredo, ISATAP), because what it carries could be any of those. Anything but a plain literal is false: names,
 * octal and short forms, and addresses with a zone.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes("%")) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv6 ? isPublicV6(parsed) : true;
}

function isPublicV6(address: ipaddr.IPv6): boolean {
  const isTunnel = address.parts[5] === isatapMark && [0, 0x200].includes(address.parts[4] ?? 0);
  return !isTunnel && address.match(globalUnicast);
}

/** One spelling for each address, to compare by; undefined for what is not an address. */
export function sameSpelling(address: string | undefined): string | undefined {
  if (address === undefined || isIP(address) === 0) return undefined;
  return ipaddr.process(address).toString();
}
