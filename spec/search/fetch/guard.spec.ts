import { describe, expect, it } from "vitest";
import { checkRedirect, checkUrl, refusedHosts, type UrlRules } from "../../../src/search/fetch/guard.ts";

const rules: UrlRules = {
  hostsRefused: refusedHosts([
    "http://llama.example.com:11434",
    "1.2.3.4:5732",
    "[2606:4700::7]:80",
    "2606:4700::8",
    "gpu.example.net",
    "127.0.0.1:5732",
    ":::",
  ]),
};

const faultOf = (act: () => unknown): string => {
  try {
    act();
  } catch (thrown) {
    return String(thrown);
  }
  return "";
};

describe("a URL that may be fetched", () => {
  it.each([
    ["http://example.com", "http://example.com/"],
    ["https://example.com/a?b=c#d", "https://example.com/a?b=c"],
    ["HTTPS://EXAMPLE.com:443/", "https://example.com/"],
    ["http://example.com:443/", "http://example.com:443/"],
    ["https://example.com:80/", "https://example.com:80/"],
    ["https://example.com./x", "https://example.com/x"],
    ["https://bücher.example.com/", "https://xn--bcher-kva.example.com/"],
    ["https://a_b.example.com/", "https://a_b.example.com/"],
    ["http://8.8.8.8/", "http://8.8.8.8/"],
    ["http://134744072/", "http://8.8.8.8/"],
    ["http://[2606:4700:4700::1111]/", "http://[2606:4700:4700::1111]/"],
  ])("is %s", (text, expected) => {
    expect(checkUrl(text, rules).href).toBe(expected);
  });
});

describe("a URL that may not be fetched", () => {
  it.each([
    // No page.
    "",
    "example.com",
    "//example.com/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://example.com/",
    "javascript:alert(1)",
    "data:text/html,x",
    "ws://example.com/",
    "blob:https://example.com/1",
    "http://",
    "http:///",
    `http://example.com/${"a".repeat(2_048)}`,
    // Credentials.
    "http://user@example.com/",
    "http://user:word@example.com/",
    "http://:word@example.com/",
    "http://example.com@127.0.0.1/",
    // Ports.
    "http://example.com:81/",
    "http://example.com:8080/",
    "https://example.com:6379/",
    "http://example.com:22/",
    "http://example.com:0/",
    "http://8.8.8.8:5732/",
    // Names of a local network.
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://a.localhost/",
    "http://intranet/",
    "http://router./",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://metadata.google.internal./",
    "http://db.internal/",
    "http://nas.home.arpa/",
    "http://1.0.0.127.in-addr.arpa/",
    "http://x.lan/",
    "http://x.localdomain/",
    "http://x.onion/",
    "http://x.test/",
    "http://example.com../",
    "http://.example.com/",
    "http://a..example.com/",
    `http://${"a".repeat(64)}.example.com/`,
    `http://${"a.".repeat(130)}example.com/`,
    // Loopback in every spelling that WHATWG's parser knows.
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://2130706433./",
    "http://0x7f000001/",
    "http://0x7F.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0177.0.0.1/",
    "http://0177.1/",
    "http://017700000001/",
    "http://127.0.0.01/",
    "http://127.0x0.0.1/",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://127%2e0%2e0%2e1/",
    "http://%31%32%37.0.0.1/",
    "http://12\t7.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http:127.0.0.1",
    "http:/127.0.0.1",
    "  http://127.0.0.1/",
    "http://127.0.0.1:80/",
    "https://127.0.0.1:443/",
    "http://127.255.255.254/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0x0/",
    "http://00/",
    // Other special addresses.
    "http://10.0.0.1/",
    "http://167772161/",
    "http://0xa000001/",
    "http://012.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://192.168.257/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://4294967295/",
    "http://256.0.0.1/",
    // IPv6.
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::0001]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2001::1]/",
    "http://[2001:db8::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1%25lo]/",
    "http://[::1%lo]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
    "http://[2606:4700::5efe:7f00:1]/",
    // This daemon and what it asks.
    "https://llama.example.com/",
    "https://LLAMA.example.com./",
    "http://gpu.example.net/",
    "http://1.2.3.4/",
    "http://16909060/",
    "http://[2606:4700::7]/",
    "http://[2606:4700:0:0::8]/",
  ])("is %j", (text) => {
    expect(faultOf(() => checkUrl(text, rules))).toMatch(/^PageFault: /);
  });

  it("says so without repeating it", () => {
    expect(faultOf(() => checkUrl("http://user:word@example.com/?q=text", rules))).not.toMatch(
      /user|word|text|example/,
    );
  });
});

it("takes other ports only from the list that is handed in", () => {
  expect(checkUrl("http://example.com:8081/", { ...rules, portsAllowed: [8_081] }).port).toBe("8081");
  expect(faultOf(() => checkUrl("http://example.com:8082/", { ...rules, portsAllowed: [8_081] }))).toMatch(
    /port/,
  );
});

describe("a redirect", () => {
  const from = new URL("https://example.com/a/b");

  it.each([
    ["/c", "https://example.com/c"],
    ["c?d", "https://example.com/a/c?d"],
    ["//example.org/", "https://example.org/"],
    ["https://www.example.com/", "https://www.example.com/"],
  ])("to %s is followed", (location, expected) => {
    expect(checkRedirect(from, location, rules).href).toBe(expected);
  });

  it.each([
    "http://example.com/",
    "http://example.com:443/",
    "//127.0.0.1/",
    "https://[::1]/",
    "https://localhost/",
    "https://user@example.com/",
    "https://example.com:8443/",
    "file:///etc/passwd",
    "data:text/html,x",
    "https://[",
  ])("to %s is not", (location) => {
    expect(faultOf(() => checkRedirect(from, location, rules))).toMatch(/^PageFault: /);
  });

  it("from http to https is followed", () => {
    expect(checkRedirect(new URL("http://example.com/"), "https://example.com/", rules).protocol).toBe(
      "https:",
    );
  });
});
