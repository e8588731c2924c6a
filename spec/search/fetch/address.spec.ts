import { describe, expect, it } from "vitest";
import { isPublicAddress, sameSpelling } from "../../../src/search/fetch/address.ts";

const publicOnes = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.0.3.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "203.0.112.255",
  "203.0.114.0",
  "223.255.255.255",
  "2001:4860:4860::8888",
  "2606:4700:4700::1111",
  "2a00:1450:4001:81b::200e",
  "2001:200::1",
  "2003::1",
];

const refused = [
  ["this network", "0.0.0.0", "0.0.0.1", "0.255.255.255"],
  ["private", "10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
  ["shared", "100.64.0.0", "100.127.255.255", "100.100.100.200"],
  ["loopback", "127.0.0.0", "127.0.0.1", "127.0.0.53", "127.255.255.255"],
  ["link-local and metadata", "169.254.0.1", "169.254.169.254", "169.254.170.2", "fe80::1", "febf::1"],
  ["protocol assignments", "192.0.0.1", "192.0.0.192", "192.88.99.1"],
  ["documentation", "192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1"],
  ["benchmarks", "198.18.0.1", "198.19.255.255", "2001:2::1"],
  ["multicast", "224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
  ["reserved and broadcast", "240.0.0.1", "255.255.255.254", "255.255.255.255"],
  ["unspecified and loopback of IPv6", "::", "::1", "0:0:0:0:0:0:0:1"],
  [
    "IPv4-mapped",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
  ],
  ["IPv4-compatible", "::127.0.0.1", "::7f00:1", "::8.8.8.8", "::a9fe:a9fe"],
  ["NAT64", "64:ff9b::7f00:1", "64:ff9b::127.0.0.1", "64:ff9b::808:808", "64:ff9b:1::a00:1"],
  ["6to4", "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1"],
  ["Teredo", "2001::1", "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
  ["ISATAP", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1"],
  ["unique local", "fc00::1", "fd00::1", "fd00:ec2::254", "fdff:ffff::1"],
  ["site-local", "fec0::1"],
  ["discard only", "100::1"],
  ["ORCHID", "2001:10::1", "2001:20::1"],
  ["segment routing and unassigned", "5f00::1", "4000::1", "8000::1", "1::1"],
  ["with a zone", "fe80::1%eth0", "2606:4700:4700::1111%1", "::1%lo"],
  [
    "not one plain literal",
    "",
    "localhost",
    "example.com",
    "127.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "2130706433",
  ],
  [
    "not one plain literal",
    "8.8.8.8.",
    " 8.8.8.8",
    "8.8.8.8:80",
    "[::1]",
    "08.8.8.8",
    "8.8.8.256",
    "8.8.8.8/32",
  ],
].flatMap(([what, ...addresses]) => addresses.map((address) => [what, address]));

describe("addresses that pages may come from", () => {
  it.each(publicOnes)("has %s among them", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(refused)("has no %s: %s", (_what, address) => {
    expect(isPublicAddress(address ?? "")).toBe(false);
  });

  it("is tried with enough forms", () => {
    expect(publicOnes.length + refused.length).toBeGreaterThanOrEqual(100);
  });
});

it.each([
  ["0:0:0:0:0:0:0:1", "::1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["2606:4700:0::1", "2606:4700::1"],
])("writes %s as %s", (address, expected) => {
  expect(sameSpelling(address)).toBe(expected);
});
