import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatHostPort,
  isLoopback,
  isPrivateIp,
  parseListen,
  parseUpstreamUrl,
  portOf,
} from "../../src/lib/address.ts";

describe("an address to listen on", () => {
  it.each([
    ["127.0.0.1:5732", "127.0.0.1", 5732],
    ["localhost:80", "localhost", 80],
    [":5732", "0.0.0.0", 5732],
    ["[::1]:5732", "::1", 5732],
    ["[::]:0", "::", 0],
    [" 0.0.0.0:65535 ", "0.0.0.0", 65_535],
  ])("%j is host %j and port %d", (text, host, port) => {
    expect(parseListen(text)).toEqual({ host, port });
  });

  it.each([
    "",
    "5732",
    "127.0.0.1",
    "host:",
    "host:65536",
    "host:-1",
    "::1:5732",
    "http://host:1",
    "host:1/path",
    "a b:1",
    "[::1]",
    "[dead]:80",
    "[1:2]:80",
  ])("%j is none", (text) => {
    expect(parseListen(text)).toBeUndefined();
  });

  it("is read back as it was written", () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
    fc.assert(
      fc.property(host, fc.nat({ max: 65_535 }), (host, port) => {
        expect(parseListen(formatHostPort({ host, port }))).toEqual({ host, port });
      }),
    );
  });
});

describe("the address of an upstream", () => {
  it.each([
    ["example.com", "http://example.com:11434"],
    ["127.0.0.1", "http://127.0.0.1:11434"],
    ["example.com:1234", "http://example.com:1234"],
    [":1234", "http://127.0.0.1:1234"],
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:1234", "http://127.0.0.1:1234"],
    ["http://0.0.0.0:1234", "http://127.0.0.1:1234"],
    ["http://example.com", "http://example.com"],
    ["https://example.com", "https://example.com"],
    ["https://example.com:8443/", "https://example.com:8443"],
    ["https://example.com/ollama/", "https://example.com/ollama"],
    ["example.com/ollama", "http://example.com:11434/ollama"],
    ["example.com:1234/ollama", "http://example.com:1234/ollama"],
    ["example.com:80", "http://example.com"],
    ["example.com:80/ollama", "http://example.com/ollama"],
    [":80", "http://127.0.0.1"],
    ["::1", "http://[::1]:11434"],
    ["::80", "http://[::80]:11434"],
    ["fd00::80", "http://[fd00::80]:11434"],
    ["[::1]", "http://[::1]:11434"],
    ["[::1]:1234", "http://[::1]:1234"],
    ["[::]:1234", "http://[::1]:1234"],
    ["http://[::]", "http://[::1]"],
    ['"example.com:1234"', "http://example.com:1234"],
    ["'example.com'", "http://example.com:11434"],
    ["  example.com  ", "http://example.com:11434"],
    ["HTTP://EXAMPLE.COM:1234", "http://example.com:1234"],
  ])("%j leads to %s", (text, want) => {
    expect(parseUpstreamUrl(text)).toBe(want);
  });

  it.each([
    "",
    " ",
    "ftp://example.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://",
    "user:secret@example.com",
    "http://user:secret@example.com",
    "http://example.com/?a=b",
    "http://example.com/#a",
    "example.com:99999",
    "two words",
  ])("%j is none", (text) => {
    expect(parseUpstreamUrl(text)).toBeUndefined();
  });

  it("is read as itself once it was read", () => {
    const said = fc.oneof(
      fc.webUrl(),
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]:1234`),
      fc.string(),
    );
    fc.assert(
      fc.property(said, (text) => {
        const url = parseUpstreamUrl(text);
        fc.pre(url !== undefined);

        expect(parseUpstreamUrl(url)).toBe(url);
      }),
      { examples: [["http://a.aa/'/"]] },
    );
  });

  it.each([
    ["http://a", 80],
    ["https://a", 443],
    ["https://a:80", 80],
    ["http://a:11434", 11_434],
  ])("%s reaches port %d", (url, want) => {
    expect(portOf(new URL(url))).toBe(want);
  });
});

describe("a host", () => {
  it.each([
    "127.0.0.1",
    "127.255.0.9",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "chasqui.localhost",
  ])("%s is this machine only", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    "0.0.0.0",
    "::",
    "",
    "10.0.0.1",
    "128.0.0.1",
    "example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "notlocalhost",
    "::ffff:10.0.0.1",
    "2130706433",
  ])("%s is not this machine only", (host) => {
    expect(isLoopback(host)).toBe(false);
  });

  it.each([
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "127.0.0.1",
    "::1",
    "[fd00::1]",
    "fe80::1",
    "0.0.0.0",
  ])("%s is of a private network", (host) => {
    expect(isPrivateIp(host)).toBe(true);
  });

  it.each([
    "8.8.8.8",
    "172.32.0.1",
    "192.169.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "localhost",
    "10.0.0.1.example.com",
    "",
  ])("%s is not of a private network", (host) => {
    expect(isPrivateIp(host)).toBe(false);
  });
});
